// The maildir that the program delivers into, read as a reader's mail program would.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { sleep } from './time.mjs';

const MAIL_MS = 60000;

export const linkOf = (mail) => /https?:\/\/[^\s<>"]+[?&]token=[^\s<>"]+/.exec(mail.text)?.[0];
export const tokenOf = (mail) => new URL(linkOf(mail)).searchParams.get('token');

export class Mailbox {
	constructor(dir) {
		this.dir = path.join(dir, 'new');
		this.read = new Set();
	}

	names() {
		try {
			return readdirSync(this.dir).sort();
		} catch {
			return [];
		}
	}

	async letter(name) {
		const raw = readFileSync(path.join(this.dir, name));
		const mail = await simpleParser(raw);
		mail.address = mail.to.value[0].address.toLowerCase();
		mail.raw = raw.toString('latin1');
		return mail;
	}

	// All that has come and was not taken before.
	async unread() {
		const found = [];
		for (const name of this.names()) {
			if (!this.read.has(name)) found.push({ name, mail: await this.letter(name) });
		}
		return found;
	}

	// Waits for the next letter to this address, whose text matches, and takes it.
	async take(address, match = /./, ms = MAIL_MS) {
		const end = Date.now() + ms;
		for (;;) {
			for (const { name, mail } of await this.unread()) {
				if (mail.address === address.toLowerCase() && match.test(mail.text)) {
					this.read.add(name);
					return mail;
				}
			}
			if (Date.now() > end) throw new Error(`no mail to ${address} within ${ms} ms`);
			await sleep(30);
		}
	}

	async takeToken(address, page) {
		return tokenOf(await this.take(address, new RegExp(`${page}\\?token=`)));
	}

	count(address) {
		return Promise.all(this.names().map((n) => this.letter(n))).then(
			(all) => all.filter((m) => m.address === address.toLowerCase()).length,
		);
	}
}
