/* log_writer: lines of a log, gathered by all threads and written together by one of its own. */
#ifndef POSTERN_BASE_LOG_WRITER_H
#define POSTERN_BASE_LOG_WRITER_H

#include "postern/log.h"

enum { LOG_WRITER_BYTES = 256 << 10 }; /* longer lines than that are not taken */

/* A line that is written in part is finished, or the next one would continue it. */
void log_write_all(int fd, struct str line);
/* A whole line, at the latest 10 ms from now; `now`: before this returns. Lines keep their order.
 * When lines come faster than they can be written, who brings one waits. */
void log_writer_add(struct log_writer *w, struct str line, bool now);

#endif
