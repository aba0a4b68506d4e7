// Every .c file opens with a comment that says what the file is for, so that a newcomer who opens
// it knows within two lines whether it is the one to read.
import { files, finding, finish, read } from './lib.mjs';

const WORDS_MIN = 2;
const licence = /spdx|copyright \(c\)|©/i;

const sources = files('src/*.c', 'tools/*.c');
for (const file of sources) {
	const [, text] = read(file).match(/^\/\*([\s\S]*?)\*\//) ?? [];
	const words = text?.replace(/^\s*\*/gm, ' ').match(/[\p{L}\d_']+/gu) ?? [];
	if (text === undefined) finding(file, 1, 'begin with a comment that says what this file is for');
	else if (words.length < WORDS_MIN || licence.test(text))
		finding(file, 1, 'the first comment does not say what this file is for');
}
finish(`${sources.length} files open with what they are for`);
