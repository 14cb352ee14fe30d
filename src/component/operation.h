/* SPDX-License-Identifier: Apache-2.0 */
/* A connector's operation as a component: the kind of node that most components are. */
#ifndef COMPONENT_OPERATION_H
#define COMPONENT_OPERATION_H

#include "component/component.h"
#include "connector/connector.h"

/* Both must live as long as the component; they are tables of the program.  Threads: any. */
struct component operation_component(const struct connector *connector,
                                     const struct operation *operation);

#endif
