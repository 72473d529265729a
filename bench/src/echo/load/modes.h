// What the load generator can be; each gets the arguments after its name, and returns never.
#ifndef MODES_H
#define MODES_H

int echo_mode(int argc, char **argv);
int cycle_mode(int argc, char **argv);
int source_mode(int argc, char **argv);
int serve_mode(int argc, char **argv);

#endif
