/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, variables, fallbacks and arguments: which counts, and what is said of wrong ones. */
#include "unit.h"

#include "app/config.h"

#include <stdlib.h>
#include <string.h>

struct sample_options {
    struct str email, name, key_file;
    struct opt_int workers;
    int egress;
    bool force;
};

static const char *const egress_words[] = { NULL, "open", "strict", NULL };
static const struct field sample_fields[] = {
    { FIELD("email", sample_options, email, REQUIRED, "Address."), .title = "EMAIL" },
    { FIELD("name", sample_options, name, OPTIONAL, "Name."), .title = "NAME" },
    { FIELD("keyFile", sample_options, key_file, OPTIONAL, "Key."), .title = "FILE",
      .fallback = "master.key" },
    { FIELD("workers", sample_options, workers, OPTIONAL, "Threads."), .min = 1, .max = 256,
      .fallback = "32" },
    { FIELD_ENUM("egress", sample_options, egress, OPTIONAL, egress_words, "Policy.") },
    { FIELD("force", sample_options, force, OPTIONAL, "Anyway.") },
    { 0 },
};
static const struct shape sample_shape = SHAPE(NULL, sample_options, sample_fields);
static const struct command sample_command = {
    .words = "user add",
    .doc = "Adds.",
    .options = &sample_shape,
    .arguments = { "email", "name" },
};

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    unsetenv("TIELINE_KEY_FILE");
    unsetenv("TIELINE_WORKERS");
    unsetenv("TIELINE_FORCE");
    unsetenv("TIELINE_EMAIL");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define WORDS_MAX 8

/* The words with blanks between; NULL when they are refused. */
static struct sample_options *read_options(const char *line, struct error *err)
{
    char *words[WORDS_MAX];
    int count = 0;
    struct command_line out;
    char *copy = arena_c(arena, str_from(line));
    for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest));)
        words[count++] = word;
    *err = (struct error){ 0 };
    return config_read(&sample_command, count, words, arena, &out, err) ? out.options : NULL;
}

static struct sample_options *taken(const char *line)
{
    struct error err;
    struct sample_options *options = read_options(line, &err);
    if (!options)
        fail_msg("%s: %s", line, err.message);
    return options;
}

static void a_flag_counts_more_than_its_variable_and_that_more_than_nothing(void **state)
{
    (void)state;
    struct sample_options *options = taken("a@b.test");
    assert_true(str_eq(options->email, STR("a@b.test")));
    assert_false(str_set(options->name));
    assert_true(str_eq(options->key_file, STR("master.key")));
    assert_int_equal(options->workers.value, 32);
    assert_int_equal(options->egress, 0);
    assert_false(options->force);

    setenv("TIELINE_KEY_FILE", "/run/key", 1);
    setenv("TIELINE_WORKERS", "7", 1);
    setenv("TIELINE_FORCE", "true", 1);
    setenv("TIELINE_EMAIL", "other@b.test", 1); /* arguments have no variables */
    options = taken("a@b.test --workers 9");
    assert_true(str_eq(options->email, STR("a@b.test")));
    assert_true(str_eq(options->key_file, STR("/run/key")));
    assert_int_equal(options->workers.value, 9);
    assert_true(options->force);
}

static void words_may_stand_in_any_order(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "a@b.test Ann --key-file=k --egress strict --force",
        "--force --egress=strict a@b.test --key-file k Ann",
        "--key-file k --egress strict --force -- a@b.test Ann",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct sample_options *options = taken(lines[i]);
        assert_true(str_eq(options->email, STR("a@b.test")));
        assert_true(str_eq(options->name, STR("Ann")));
        assert_true(str_eq(options->key_file, STR("k")));
        assert_int_equal(options->egress, 2);
        assert_true(options->force);
    }
    assert_true(str_eq(taken("-- --force")->email, STR("--force")));
    assert_true(str_eq(taken("-")->email, STR("-")));
    assert_true(str_eq(taken("a@b.test --key-file --force")->key_file, STR("--force")));
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } rows[] = {
        { "", "EMAIL is missing" },
        { "a b c", "unexpected \"c\"" },
        { "a --nothing", "unknown flag \"--nothing\"" },
        { "a --email x", "unknown flag \"--email\"" },
        { "a -f", "unknown flag \"-f\"" },
        { "a --key-file", "--key-file needs a value (FILE)" },
        { "a --key-file=", "--key-file must not be empty" },
        { "a --force=yes", "--force takes no value" },
        { "a --workers many", "--workers must be a number from 1 to 256, not \"many\"" },
        { "a --workers 0", "--workers must be a number from 1 to 256, not \"0\"" },
        { "a --workers 257", "--workers must be a number from 1 to 256, not \"257\"" },
        { "a --egress maybe", "--egress does not know the word \"maybe\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err;
        if (read_options(rows[i].line, &err))
            fail_msg("%s was taken", rows[i].line);
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void a_variables_mistake_names_the_variable(void **state)
{
    (void)state;
    struct error err;
    setenv("TIELINE_WORKERS", "0", 1);
    assert_null(read_options("a", &err));
    assert_string_equal(err.message, "TIELINE_WORKERS must be a number from 1 to 256, not \"0\"");
    setenv("TIELINE_WORKERS", "", 1); /* an empty one is as good as none */
    assert_int_equal(taken("a")->workers.value, 0);
    unsetenv("TIELINE_WORKERS");
    setenv("TIELINE_FORCE", "yes", 1);
    assert_null(read_options("a", &err));
    assert_string_equal(err.message, "TIELINE_FORCE must be 1, true, 0 or false, not \"yes\"");
}

static void help_counts_more_than_mistakes(void **state)
{
    (void)state;
    char help[] = "--help", nothing[] = "--nothing", end[] = "--";
    struct command_line out;
    struct error err;
    assert_true(config_read(&sample_command, 2, (char *[]){ nothing, help }, arena, &out, &err));
    assert_true(out.help);
    assert_true(config_read(&sample_command, 2, (char *[]){ end, help }, arena, &out, &err));
    assert_false(out.help);
    struct str usage = config_usage(&sample_command, arena);
    assert_true(str_eq(usage, STR("user add EMAIL [NAME]")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_flag_counts_more_than_its_variable_and_that_more_than_nothing),
        TEST(words_may_stand_in_any_order),
        TEST(mistakes_are_named),
        TEST(a_variables_mistake_names_the_variable),
        TEST(help_counts_more_than_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
