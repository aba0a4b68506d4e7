// Another time for a server, by libfaketime. Sanitizers do not live with it: only files called plain_ may use it.
import { existsSync } from 'node:fs';

const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
export const skip = existsSync(faketime) ? false : 'needs libfaketime';

// The settings under which a server believes that it is `start` now.
export function startingAt(start) {
	const shift = Math.round((start - Date.now()) / 1000);
	return { LD_PRELOAD: faketime, FAKETIME: `${shift >= 0 ? '+' : ''}${shift}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
