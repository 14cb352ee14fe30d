# SPDX-License-Identifier: Apache-2.0
#
# Reads the files named on the command line and prints "file:line: rule: what is wrong".
# The part of tools/check that looks at text; runs in mawk.

BEGIN {
    count = split("base json schema http rpc vault store auth connector component engine api app", order, " ")
    for (i = 1; i <= count; i++)
        rank[order[i]] = i

    # Headers of the language, of POSIX and of Linux that need no home.
    system_headers = " assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal" \
        " stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time" \
        " uchar wchar wctype dirent dlfcn fcntl fnmatch ftw glob grp iconv langinfo libgen netdb poll pthread" \
        " pwd regex sched semaphore spawn strings syslog termios unistd utime execinfo malloc endian ucontext" \
        " arpa/inet net/if netinet/in netinet/tcp "

    # What else is included has one home: header, then the files that may.
    home["sqlite3.h"] = "^src/store/sqlite[a-z0-9_]*$"
    home["libpq-fe.h"] = "^src/(store/postgres[a-z0-9_]*|connector/postgresql[a-z0-9_]*)$"
    home["sodium.h"] = "^src/(base/secret|base/id|vault/[a-z0-9_]+)$"
    home["microhttpd.h"] = "^src/http/server_mhd[a-z0-9_]*$"
    home["hiredis"] = "^src/connector/redis[a-z0-9_]*$"
    home["openssl"] = "^src/connector/(tls|redis)[a-z0-9_]*$"

    library_type = "(^|[^a-zA-Z0-9_])(sqlite3(_[a-z0-9_]+)?|PG(conn|result|cancel|notify)|MHD_[A-Za-z_]+|redis(Context|Reply|Reader|SSLContext)|SSL(_CTX|_SESSION)?|X509[A-Z_]*|EVP_[A-Z_]+|BIO|crypto_[a-z0-9_]+)[ \t]*[*;,)a-z]"
    library_struct = "(^|[^a-zA-Z0-9_])struct[ \t]+(sqlite3[a-z0-9_]*|pg_(conn|result)|MHD_[A-Za-z_]+|redis(Context|Reply|Reader)|ssl_(ctx_)?st)([^a-zA-Z0-9_]|$)"
    banned_call = "(^|[^a-zA-Z0-9_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gets|localtime|gmtime|asctime|ctime|rand|srand|system|tmpnam)[ \t]*[(]"
    heap_call = "(^|[^a-zA-Z0-9_])(malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf)[ \t]*[(]"
}

function report(rule, text)
{
    printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, text
}

function finish(    limit)
{
    if (file == "" || file ~ /(\.gen\.ts|\.md|package-lock\.json)$/)
        return
    if (lines > 700)
        printf "%s: size: %d lines; more than 700 are too many, split it by idea\n", file, lines
    else if (lines > 500)
        printf "%s: size-warning: %d lines, more than 500\n", file, lines
}

# The line without comments and with the text of strings gone. `inside` lasts from line to line.
function code_of(line,    out, token, at)
{
    out = ""
    slashes = 0
    while (line != "") {
        if (inside) {
            at = index(line, "*/")
            if (at == 0)
                return out
            line = substr(line, at + 2)
            inside = 0
            out = out " "
            continue
        }
        if (!match(line, /"|'|\/\/|\/\*/))
            return out line
        token = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART)
        if (token == "//") {
            slashes = 1
            return out
        }
        if (token == "/*") {
            inside = 1
            line = substr(line, 3)
            continue
        }
        if (!match(line, token == "\"" ? "^\"(\\\\.|[^\"\\\\])*\"" : "^'(\\\\.|[^'\\\\])*'"))
            return out line
        line = substr(line, RLENGTH + 1)
        out = out token token
    }
    return out
}

# Which folder of src/ the file belongs to: its own, or the one it tests.
function folder_of(path,    part, n)
{
    n = split(path, part, "/")
    if (part[1] == "src" && n > 2)
        return part[2]
    if (part[1] == "tests" && part[2] == "unit" && n > 3)
        return part[3]
    return ""
}

function judge_include(line,    name, to, stem, key, known)
{
    if (match(line, /"[^"]*"/)) {
        name = substr(line, RSTART + 1, RLENGTH - 2)
        if (!in_src && name !~ /\//)
            return
        to = name
        sub(/\/.*/, "", to)
        if (name !~ /\// || !(to in rank)) {
            report("include", "\"" name "\": includes begin with a folder of src/")
            return
        }
        if (folder != "" && rank[to] > rank[folder])
            report("layer", folder " may not include \"" name "\", which stands to its right")
        if (in_src && to != folder && name ~ /(\/|_)internal\.h$/)
            report("layer", "\"" name "\" belongs to " to " alone")
        return
    }
    if (!in_src || !match(line, /<[^>]*>/))
        return
    name = substr(line, RSTART + 1, RLENGTH - 2)
    stem = name
    sub(/\.h$/, "", stem)
    if (index(system_headers, " " stem " ") || name ~ /^(sys|linux)\//)
        return
    key = name
    if (key ~ /^hiredis/)
        key = "hiredis"
    else if (key ~ /^openssl\//)
        key = "openssl"
    stem = FILENAME
    sub(/\.[ch]$/, "", stem)
    if (!(key in home))
        report("home", "<" name "> is of no library that has a home in src/ (see tools/check.awk)")
    else if (stem !~ home[key] || (header && !internal))
        report("home", "<" name "> may not be included here, only in " home[key] "\\.c")
}

FNR == 1 {
    finish()
    file = FILENAME
    inside = 0
    c_file = FILENAME ~ /\.[ch]$/
    header = FILENAME ~ /\.h$/
    internal = FILENAME ~ /(\/|_)internal\.h$/
    in_src = FILENAME ~ /^src\//
    folder = folder_of(FILENAME)
    if (c_file && $0 != "/* SPDX-License-Identifier: Apache-2.0 */")
        report("spdx", "the first line is the SPDX line")
}

{
    lines = FNR
    if ($0 ~ /[ \t\r]$/)
        report("whitespace", "blanks at the end of the line")
    else if ($0 ~ /\t/)
        report("whitespace", "a tab")
}

!c_file {
    next
}

/(^|[^A-Za-z])(TODO|FIXME|XXX|HACK)([^A-Za-z]|$)/ && !/TODO \(?#[0-9]+/ {
    report("unfinished", "a mark of unfinished work without the number of an issue")
}

{
    was_inside = inside
    code = code_of($0)
    if (slashes)
        report("comment", "comments are /* … */")
    if (!was_inside && $0 ~ /^[ \t]*#[ \t]*include/) {
        judge_include($0)
        next
    }
    if (match(code, banned_call))
        report("banned", "a call that has a safer form: " substr(code, RSTART, RLENGTH) ")")
    if (code ~ /(^|[^a-zA-Z0-9_])goto[ \t]+[a-z]/)
        report("banned", "goto: let AUTO() release things on the way out")
    if (in_src && folder != "base" && match(code, heap_call))
        report("memory", "memory comes from an arena or from base/mem.h: " substr(code, RSTART, RLENGTH) ")")
    if (in_src && header && !internal && (code ~ library_type || code ~ library_struct))
        report("library-type", "a type of a library in a header of ours")
}

END {
    finish()
}
