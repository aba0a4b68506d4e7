/* sqlite_err: a result code of SQLite as an error of ours. */
#ifndef DB_SQLITE_ERR_H
#define DB_SQLITE_ERR_H

#include "postern/base.h"

enum err db_sqlite_err(int rc);

#endif
