/* An explanation of one article for one reader, for the service endpoint and the command line. It
 * charges nothing and sets no cookie. */
#include "postern/access.h"

static enum err explain_read(struct db_conn *c, void *arg)
{
	struct access_explanation *g = arg;
	enum err e = content_find(c, g->slug, g->a, &g->article);
	if (e)
		return e;
	g->subject = content_paywall_article(&g->article);
	return decision_explain_request(g->wall, c, &g->req, &g->subject, g->a, &g->x);
}

enum err access_explain(struct access_explanation *g)
{
	return db_read(g->wall->db, explain_read, g);
}
