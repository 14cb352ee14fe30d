/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of components: our own, one line each, then one for each operation of each connector.
 * It is put together at the first question and stays as it is until the process ends.
 */
#include <pthread.h>

#include "base/mem.h"
#include "component/internal.h"
#include "component/operation.h"

static const struct component *const own[] = {
    &trigger_manual,
};

static pthread_once_t made = PTHREAD_ONCE_INIT;
static struct component *components;
static size_t component_count;

static size_t operation_count(void)
{
    size_t count = 0;
    for (const struct connector *const *at = connector_registry; *at; at++) {
        for (const struct operation *operation = (*at)->operations; operation->name; operation++)
            count++;
    }
    return count;
}

static void make(void)
{
    components = xcalloc(ARRAY_LEN(own) + operation_count(), sizeof(*components));
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        components[component_count++] = *own[i];
    for (const struct connector *const *at = connector_registry; *at; at++) {
        for (const struct operation *operation = (*at)->operations; operation->name; operation++)
            components[component_count++] = operation_component(*at, operation);
    }
}

const struct component *component_at(size_t at)
{
    (void)pthread_once(&made, make);
    return at < component_count ? &components[at] : NULL;
}

const struct component *component_find(struct str name)
{
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        if (str_eq(name, str_from(component->name)))
            return component;
    }
    return NULL;
}

struct id component_connection(const struct component *component, const void *config)
{
    if (!component->config)
        return ID_NONE;
    for (const struct field *field = component->config->fields; field->name; field++) {
        if (field->look == LOOK_CONNECTION)
            return *(const struct id *)FIELD_CONST_PTR(config, field);
    }
    return ID_NONE;
}
