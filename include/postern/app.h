/* app: the program around the rooms. Everything but `main` itself, so that tests can run it. */
#ifndef POSTERN_APP_H
#define POSTERN_APP_H

/* The whole program: parses arguments, runs one command, returns its exit code (docs/cli.md). */
int app_main(int argc, char **argv, char **env);

#endif
