/* sqlite_file: the file of a SQLite database, and the lock that keeps it to one server. */
#ifndef DB_PLACE_H
#define DB_PLACE_H

#include "driver.h"

enum { SQLITE_TURN_BYTE = 1 << 20 }; /* behind what is written in the file of locks */

enum err db_sqlite_url_check(const char *url, char why[static DB_WHY_SIZE]);
void db_sqlite_url_show(const char *url, char out[static DB_SHOWN_SIZE]);
enum err db_sqlite_file_prepare(const char *url, enum db_use use, char **location, int *claim,
	char why[static DB_WHY_SIZE]);
enum err db_sqlite_file_claim(
	struct driver_conn *c, const char *location, int *claim, char why[static DB_WHY_SIZE]);
void db_sqlite_file_release(int claim);
/* A descriptor for the turn to write, a lock of one byte of the server's file of locks; -1 where no
 * server has run yet, or this user may not. */
int db_sqlite_turn_open(const char *location);

#endif
