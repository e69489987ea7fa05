#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* One component after the other, none of them a link, "..", or empty: what is opened lies beneath `directory`, whatever
   is renamed meanwhile, because each step starts from an open directory. */
int clinux_open_beneath(int directory, const char *path, int flags) {
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof copy) return errno = ENAMETOOLONG, -1;
    if (path[0] == '/' || path[0] == 0) return errno = path[0] ? EXDEV : ENOENT, -1;
    strcpy(copy, path);
    int current = directory;
    char *rest = copy, *component;
    while ((component = strsep(&rest, "/")) != NULL) {
        int next;
        if (strcmp(component, "..") == 0)
            next = -1, errno = EXDEV;
        else if (rest == NULL)
            next = openat(current, *component ? component : ".", flags | O_NOFOLLOW | O_CLOEXEC);
        else
            next = openat(current, *component ? component : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;
        if (current != directory) close(current);
        if (next < 0) return errno = number, -1;
        current = next;
    }
    return current;
}
