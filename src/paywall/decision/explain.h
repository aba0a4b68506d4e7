/* What the two halves of an explanation share. */
#ifndef POSTERN_PAYWALL_EXPLAIN_INTERNAL_H
#define POSTERN_PAYWALL_EXPLAIN_INTERNAL_H

#include "postern/explain.h"

/* Fills out->changes; out->decision must be there. */
void decision_explain_changes(const struct decision_inputs *k, struct explanation *out);

#endif
