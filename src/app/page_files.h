/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the web page, compressed beforehand. tools/page writes the table from web/; a build
 * without a page has the empty one of page_none.c.  Threads: any.
 */
#ifndef APP_PAGE_FILES_H
#define APP_PAGE_FILES_H

#include "base/str.h"

#include <stdbool.h>

struct page_file {
    struct str path; /* "/assets/index-4f2c.js" */
    struct str type; /* content type */
    struct str etag; /* with its quotes */
    struct str brotli, gzip;
    struct str plain; /* of HTML alone, whose text differs from answer to answer; else absent */
    bool hashed;      /* the name says what is in it: the file never changes */
};

/* An absent path ends the table. */
extern const struct page_file page_files[];

/* What stands in HTML where the nonce of an answer belongs. */
#define PAGE_NONCE "@nonce@"

#endif
