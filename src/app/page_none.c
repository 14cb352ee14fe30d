/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a build without a web page. */
#include "app/page_files.h"

const struct page_file page_files[] = { { .path = { NULL, 0 } } };
