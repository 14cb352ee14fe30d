/* SPDX-License-Identifier: Apache-2.0 */
/* How large a node is in every picture of a graph: places that one screen gives it suit the others. Pixels. */
export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 80;
