// Goal: Debian's Caddy with the configuration of deploy/caddy lets through what the gate grants and nothing else, shows
// the way in and back, passes the meter's cookie on, and names readers as the gate does.
import { openProxy, proxyTests } from '../lib/proxies.mjs';

export const covers = ['GET /gate/forward-auth'];

proxyTests('caddy', openProxy);
