/* log_writer: lines of a log, gathered from all threads and written by one of its own. */
#ifndef POSTERN_BASE_LOG_WRITER_H
#define POSTERN_BASE_LOG_WRITER_H

#include "log_line.h"

/* Of each half: 200 ms of lines at 50,000 requests a second. Longer lines than that are not taken.
 */
enum { LOG_WRITER_BYTES = 2 << 20 };

/* What is written in part is finished, or the next line would continue it. Returns what could not
 * be written. */
struct str log_write_all(int fd, struct str lines);
/* A whole line. Lines keep their order. One that finds no room is dropped and counted. */
void log_writer_add(struct log_writer *w, struct str line, enum log_urgency urgency);

#endif
