import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { FILTER_NAMES, isFilterName } from '#shared/domain/filters.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { Secret } from '#shared/secret.ts';
import { anItem } from '#test/unit/shared/domain/items.ts';

const SPECIAL = [...`"'\\\`$!@/:#?%&=+;,<>(){}[]*~|^ \t\r\nüß日𝄞`, '\u0000', '\u001b', '\u007f', '\u2028', '\ufeff'];

/** Credentials of special characters, and of any other; some have half of a surrogate pair. */
const anyCredential = fc.oneof(
  fc.constantFrom('', '..', '%41', '&amp;', 'a"b', 'p@ss/w#rd', '\\', `'`, '\r\n', ']]>'),
  fc.string({ unit: fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) }),
  fc.string({ unit: fc.constantFrom('a', '"', '\ud800', '\udc00') }),
);

const render = (template: string, credential: string): string =>
  String(
    createRendering(template)
      .render(anItem(), { secret: new Secret(credential) })
      .reveal(),
  );

/** Words of a simple command of a POSIX shell. Refuses everything that a shell would expand or run. */
const readWords = (command: string): string[] => {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, space, quoted, escaped, plain, other] of command.matchAll(
    /([ \t\n]+)|'([^']*)'|\\([\s\S])|([\w=./-]+)|([\s\S])/g,
  )) {
    if (other !== undefined) throw new Error('The shell would interpret an unquoted character.');
    if (space === undefined) word = (word ?? '') + (quoted ?? escaped ?? plain ?? '');
    else if (word !== undefined) words.push(word);
    if (space !== undefined) word = undefined;
  }
  return word === undefined ? words : [...words, word];
};

const REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const decodeReferences = (text: string): string =>
  text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name = '') =>
    code === undefined ? (REFERENCES[name] ?? '') : String.fromCodePoint(Number(code)),
  );

/** Attribute and text of `<c p="…">…</c>`, by the rules of XML 1.0 for line ends, attributes and references. */
const readXml = (document: string): { attribute: string; text: string } => {
  const [, attribute = '', text = ''] =
    /^<c p="([^"<]*)">([^<]*)<\/c>$/.exec(document.replaceAll(/\r\n?/g, '\n')) ?? expect.fail('not well-formed');
  return { attribute: decodeReferences(attribute.replaceAll(/[\t\n]/g, ' ')), text: decodeReferences(text) };
};

const isXmlText = (text: string): boolean =>
  [...text].every((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code >= 0x20 ? code !== 0xfffe && code !== 0xffff : '\t\n\r'.includes(character);
  });

interface Language {
  readonly template: string;
  /** Everything that a reader of the language finds where the credential was inserted. */
  readonly read: (text: string) => readonly unknown[];
  readonly canHold: (credential: string) => boolean;
}

const isWellFormed = (text: string): boolean => text.isWellFormed();

const LANGUAGES: Readonly<Record<string, Language>> = {
  'an address for url': {
    template: 'postgres://{credential:url}:{credential:url}@db-01:5432/app?p={credential:url}#{credential:url}',
    read: (text) => {
      const { username, password, host, pathname, search, hash } = new URL(text);
      expect([host, pathname]).toEqual(['db-01:5432', '/app']);
      return [username, password, search.slice('?p='.length), hash.slice(1)].map(decodeURIComponent);
    },
    canHold: isWellFormed,
  },
  'a JSON string for json': {
    template: '{{"a": "{credential:json}", "b": ["x{credential:json}y"]}}',
    read: (text) => {
      const { a, b, ...rest } = JSON.parse(text);
      expect([b.length, rest]).toEqual([1, {}]);
      return [a, b[0].slice(1, -1)];
    },
    canHold: () => true,
  },
  'base64 for base64': {
    template: '{credential:base64}',
    read: (text) => {
      expect(text).toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
      return [new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'base64'))];
    },
    canHold: isWellFormed,
  },
  'a shell word for shell': {
    template: 'export A={credential:shell} B=x{credential:shell}\n',
    read: (text) => {
      const [command, a = '', b = '', ...rest] = readWords(text);
      expect([command, a.slice(0, 2), b.slice(0, 3), rest]).toEqual(['export', 'A=', 'B=x', []]);
      return [a.slice(2), b.slice(3)];
    },
    canHold: (text) => text.isWellFormed() && !text.includes('\u0000'),
  },
  'XML for xml': {
    template: '<c p="{credential:xml}">{credential:xml}</c>',
    read: (text) => Object.values(readXml(text)),
    canHold: (text) => text.isWellFormed() && isXmlText(text),
  },
  'the text itself for raw': {
    template: '{credential:raw}',
    read: (text) => [text],
    canHold: () => true,
  },
};

describe('a filter', () => {
  it.each(Object.entries(LANGUAGES))(
    'writes %s that reads back as the credential, or refuses it',
    (_name, language) => {
      fc.assert(
        fc.property(anyCredential, (credential) => {
          if (language.canHold(credential)) {
            for (const found of language.read(render(language.template, credential))) expect(found).toBe(credential);
          } else {
            expect(() => render(language.template, credential)).toThrow(
              expect.objectContaining({ name: 'ValueNotText' }),
            );
          }
        }),
      );
    },
  );

  it('encodes every character that RFC 3986 reserves by url', () => {
    expect(render('{credential:url}', `aZ09-._~!'()*+%`)).toBe('aZ09-._~%21%27%28%29%2A%2B%25');
  });

  it('escapes by json what a reader of YAML refuses or folds', () => {
    expect(render('"{credential:json}"', 'a\u0085b\u007F\u009F\u2028\uFEFF')).toBe(
      '"a\\u0085b\\u007f\\u009f\\u2028\\ufeff"',
    );
  });

  it('writes a string of YAML in double quotes by json', () => {
    fc.assert(
      fc.property(anyCredential.filter(isWellFormed), (credential) => {
        expect(parseYaml(render('a: "{credential:json}"', credential))).toEqual({ a: credential });
      }),
    );
  });

  it('exists only under its own name', () => {
    expect(FILTER_NAMES.filter(isFilterName)).toEqual(['url', 'json', 'base64', 'shell', 'xml', 'raw']);
    expect(['constructor', '__proto__', '', 'URL'].filter(isFilterName)).toEqual([]);
  });

  it('that cannot express a text names the item and the placeholder, and never the text', () => {
    const item = anItem({ labels: { accountName: 'canary\u0000' } });
    expect(() => createRendering('{accountName:shell}').render(item, { secret: new Secret('x') })).toThrow(
      "db-01/sa: the text of {accountName:shell} has a character that the filter cannot express. Change it in the vault, or the filter in the rule's value.",
    );
  });
});
