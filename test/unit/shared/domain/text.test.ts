import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainText, readShown, shorten, showText } from '#shared/domain/text.ts';

const HIDDEN = [
  '\0',
  '\t',
  '\n',
  '\r',
  '\x1b',
  '\x7f',
  '\x85',
  '\x9b',
  '\u2028',
  '\u2029',
  '\u061c',
  '\u200e',
  '\u202e',
];
const more = [...HIDDEN, '\u2066', '\u2069', '\ud800', '\udc00', '\\', 'u{', '\\u{1B}', '\\u{', '}', 'a', 'ä', '😀'];
/** Any text: special characters mixed with all others. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...more), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

describe('text of others', () => {
  it.each([
    ['a line break', 'sa\nPARTIAL', 'sa\\u{A}PARTIAL'],
    ['a terminal escape sequence', '\x1b[2Jsa', '\\u{1B}[2Jsa'],
    ['a one-character escape sequence', '\x9b2Jsa', '\\u{9B}2Jsa'],
    ['a line separator', 'a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['a bidirectional mark', 'a\u202Eb\u2066c', 'a\\u{202E}b\\u{2066}c'],
    ['half a character', 'db-\ud800', 'db-\\u{D800}'],
  ])('is shown with %s escaped', (_what, text, shown) => {
    expect(showText(text)).toBe(shown);
    expect(isPlainText(text)).toBe(false);
  });

  it.each(['', 'db-01/sa', 'CORP\\svc', 'CORP\\users', 'Müller 😀', 'مدير', 'a  b'])(
    'is shown unchanged: %s',
    (text) => {
      expect(showText(text)).toBe(text);
      expect(isPlainText(text)).toBe(true);
    },
  );

  it('becomes one line without control characters, whatever it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = showText(text);
        expect(isPlainText(shown)).toBe(true);
        expect(shown.isWellFormed()).toBe(true);
        for (const hidden of HIDDEN) expect(shown).not.toContain(hidden);
      }),
    );
  });

  it('is shown unchanged if it is plain and contains no escape, however often', () => {
    const plain = anyText.map((text) => [...text].filter(isPlainText).join('').replaceAll('\\u{', ''));
    fc.assert(
      fc.property(plain, (text) => {
        fc.pre(!text.includes('\\u{'));
        expect(showText(showText(text))).toBe(text);
      }),
    );
  });

  it('stays distinct from every other text, because it can be decoded', () => {
    fc.assert(fc.property(anyText, (text) => readShown(showText(text)) === text));
  });

  it('is cut between characters, and marked as cut', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('ab😀def', 4)).toBe('ab…');
    expect(shorten('ab😀def', 5)).toBe('ab😀…');
  });
});
