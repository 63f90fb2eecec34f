import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillTemplate,
  isWholeSegment,
  parseTemplate,
  staticPrefix,
  type TemplatePart,
  writePlaceholder,
  writeText,
} from '#shared/domain/template.ts';

const asWritten = (parts: readonly TemplatePart[]): string =>
  parts.map((part) => ('text' in part ? writeText(part.text) : writePlaceholder(part))).join('');

const isOneWord = (text: string): boolean => !/[{}]/.test(text);

const part = fc.oneof(
  fc.record({ text: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('{', '}', '{}', '}{', '{credential}')) }),
  fc.record(
    {
      placeholder: fc.oneof(
        fc.constantFrom('credential', 'systemName', ''),
        fc.string().filter((text) => isOneWord(text) && !text.includes(':')),
      ),
      filter: fc.oneof(fc.constantFrom('url', 'json', '', ':'), fc.string().filter(isOneWord)),
    },
    { requiredKeys: ['placeholder'] },
  ),
);
/** Parts as `parseTemplate` returns them: no two adjacent texts. */
const partsList = fc
  .array(part)
  .filter((parts) => parts.every((each, index) => !('text' in each && 'text' in (parts[index - 1] ?? {}))));

describe('parseTemplate', () => {
  it('separates text and placeholders', () => {
    expect(parseTemplate('prod/{systemName}/{accountId}')).toEqual({
      ok: true,
      parts: [{ text: 'prod/' }, { placeholder: 'systemName' }, { text: '/' }, { placeholder: 'accountId' }],
    });
  });

  it('reads a doubled brace as one literal brace', () => {
    expect(parseTemplate('{{"password": "{credential}"}}')).toEqual({
      ok: true,
      parts: [{ text: '{"password": "' }, { placeholder: 'credential' }, { text: '"}' }],
    });
  });

  it('finds a placeholder between doubled braces', () => {
    expect(parseTemplate('{{{accountName}}}')).toEqual({
      ok: true,
      parts: [{ text: '{' }, { placeholder: 'accountName' }, { text: '}' }],
    });
  });

  it('reads a placeholder in doubled braces as text', () => {
    expect(parseTemplate('{{credential}}')).toEqual({ ok: true, parts: [{ text: '{credential}' }] });
  });

  it('separates a placeholder from its filter at the first colon', () => {
    expect(parseTemplate('{credential:url}{a:b:c}{:}')).toEqual({
      ok: true,
      parts: [
        { placeholder: 'credential', filter: 'url' },
        { placeholder: 'a', filter: 'b:c' },
        { placeholder: '', filter: '' },
      ],
    });
  });

  it('returns no parts for an empty template', () => {
    expect(parseTemplate('')).toEqual({ ok: true, parts: [] });
  });

  it.each(['acountName', '', ' credential ', 'Credential', 'toString'])(
    'accepts the placeholder {%s}, because only the sources know which exist',
    (placeholder) => {
      expect(parseTemplate(`a/{${placeholder}}`)).toEqual({ ok: true, parts: [{ text: 'a/' }, { placeholder }] });
    },
  );

  it.each([
    ['a{', '{', 1],
    ['a}b', '}', 1],
    ['{accountName', '{', 0],
    ['{accountName}}', '}', 13],
    ['{a{accountName}', '{', 0],
    ['{{{', '{', 2],
  ])('refuses the stray brace of %s', (template, found, at) => {
    expect(parseTemplate(template)).toEqual({ ok: false, problems: [{ found, at }] });
  });

  it('reports every problem, in the order of the template', () => {
    expect(parseTemplate('{x}/}/{y}/{{{')).toEqual({
      ok: false,
      problems: [
        { found: '}', at: 4 },
        { found: '{', at: 12 },
      ],
    });
  });

  it('parses any text that was written from parts', () => {
    fc.assert(
      fc.property(partsList, (parts) => {
        expect(parseTemplate(asWritten(parts))).toEqual({ ok: true, parts });
      }),
    );
  });

  it('returns parts that reproduce the template, or positions inside it, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', 'a', 'credential', 'é') }), (template) => {
        const parsed = parseTemplate(template);
        if (parsed.ok) {
          expect(asWritten(parsed.parts)).toBe(template);
        } else {
          for (const problem of parsed.problems) expect(template.slice(problem.at)).toMatch(/^[{}]/);
        }
      }),
    );
  });
});

describe('fillTemplate', () => {
  it('replaces each placeholder by its value', () => {
    const parts: TemplatePart[] = [{ placeholder: 'systemName' }, { text: '/' }, { placeholder: 'accountName' }];
    expect(fillTemplate(parts, ({ placeholder }) => `<${placeholder}>`)).toBe('<systemName>/<accountName>');
  });

  it('does not read the values as templates', () => {
    expect(fillTemplate([{ placeholder: 'accountName' }], () => '{credential}{{$&')).toBe('{credential}{{$&');
  });

  it('restores any text whose braces were doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', 'a', '/', 'accountName') }), (text) => {
        const parsed = parseTemplate(text.replaceAll(/[{}]/g, '$&$&'));
        expect(parsed.ok && fillTemplate(parsed.parts, () => 'never')).toBe(text);
      }),
    );
  });
});

describe('staticPrefix', () => {
  it.each([
    ['prod/db-{systemName}/{accountName}', 'prod/db-'],
    ['{{a}}/{systemName}', '{a}/'],
    ['{systemName}/a', ''],
    ['only text', 'only text'],
    ['', ''],
    ['broken/{', ''],
  ])('of %j is %j', (template, prefix) => {
    expect(staticPrefix(template)).toBe(prefix);
  });

  it('begins every filled template', () => {
    fc.assert(
      fc.property(partsList, fc.string(), (parts, value) => {
        expect(fillTemplate(parts, () => value).startsWith(staticPrefix(asWritten(parts)))).toBe(true);
      }),
    );
  });
});

describe('standsAlone', () => {
  it.each([
    ['prod/{systemName}/{accountName}', true],
    ['prod/{accountName}/{systemId}', true],
    ['prod/{systemName}-{accountName}', false],
    ['prod/x{systemName}/{accountName}', false],
    ['prod/{accountName}', false],
    ['{systemName}', true],
  ])('for a system in %s is %s', (name, isAlone) => {
    expect(isWholeSegment(name, ['systemName', 'systemId'])).toBe(isAlone);
  });

  it.each([
    ['co/{folderPath}/{checkoutId}/{title}', true],
    ['co/{checkoutId}/{folderPath}/{title}', true],
    ['co/{folderPath}/{checkoutId}/{folderPath}', false],
    ['co/x-{folderPath}/{checkoutId}/{homePath}-x', false],
    ['co/{folderPath}/{checkoutId}/{homePath}/{checkoutId}', true],
  ])('next to labels that can be several folders, in %s, is %s', (name, isAlone) => {
    expect(isWholeSegment(name, ['checkoutId'], ['folderPath', 'homePath'])).toBe(isAlone);
  });
});
