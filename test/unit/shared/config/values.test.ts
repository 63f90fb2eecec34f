import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { writeAsMap } from '#shared/config/json-lookalike.ts';
import { parseConfig } from '#shared/config/load.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { parseTemplate, writeText } from '#shared/domain/template.ts';
import { Secret } from '#shared/secret.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';
import { anItem } from '#test/unit/shared/domain/items.ts';

type Case = [behaviour: string, replacements: Record<number, string>, problem: string];

const itFinds = (cases: readonly Case[]) =>
  it.each(cases)('%s', (_behaviour, replacements, problem) => {
    expect(problemsOf(configWith(replacements))).toEqual([`relay.yaml:${problem}`]);
  });

describe('the value template', () => {
  const valued = (value: string): Record<number, string> => ({ 16: `    value: ${value}` });
  itFinds([
    [
      'contains the credential, as text',
      valued("'{accountName}'"),
      '16:12 syncs.fleet.value: delivers no credential; use {credential} in it',
    ],
    [
      'contains the credential in at least one field',
      valued("{ a: '{accountName}', b: '{{credential}}' }"),
      '16:12 syncs.fleet.value: delivers no credential; use {credential} in it',
    ],
    [
      'contains the credential in a text of a structured value',
      valued("{ a: [1, true, null, { credential: '{accountName}' }] }"),
      '16:12 syncs.fleet.value: delivers no credential; use {credential} in it',
    ],
    ['has at least one field', valued('{}'), '16:12 syncs.fleet.value: delivers no credential; use {credential} in it'],
    [
      'contains only known placeholders, in each field',
      valued("{ a: '{credential}', b: '{pasword}' }"),
      '16:36 syncs.fleet.value.b: there is no placeholder "{pasword}"; use one of "credential", "accountName", "accountId", "systemName", "systemId", "domainName", "workgroupName"',
    ],
    [
      'has only matched braces',
      valued("'{credential}}'"),
      '16:12 syncs.fleet.value: the "}" at character 13 is unmatched; double it to use it as text',
    ],
  ]);

  const JSON_BREAKS = '16:12 syncs.fleet.value: looks like JSON, which a quote in';
  itFinds([
    [
      'is a map, not JSON in a text',
      valued(`'{{"password":"{credential}"}}'`),
      `${JSON_BREAKS} {credential} would break; write it as a map: {"password":"{credential}"}`,
    ],
    [
      'is a map, not JSON in a text with single braces',
      valued(`'{"password":"{credential}"}'`),
      '16:12 syncs.fleet.value: is JSON in quotes; write it as a map: {"password":"{credential}"}',
    ],
    [
      'is a map with literal keys, filters in addresses and texts without the filter json',
      valued(`'{{"{{k}}": ["a\\t{{{credential:json}", 1, null], "u": "x://{credential}", "n": {systemId}}}'`),
      `${JSON_BREAKS} {credential}, {systemId} would break; write it as a map: {"{k}":["a\\t{{{credential}",1,null],"u":"x://{credential:url}","n":"{systemId}"}`,
    ],
    [
      'escapes the texts of JSON that cannot become a map',
      valued(`'{{"{accountName}": "{credential:shell}"}}'`),
      `${JSON_BREAKS} {accountName}, {credential:shell} would break; write {accountName:json}, {credential:json}`,
    ],
    [
      'escapes the texts of a list in JSON',
      valued(`'["{credential}"]'`),
      `${JSON_BREAKS} {credential} would break; write {credential:json}`,
    ],
    [
      'escapes the text of a JSON string',
      valued(`'"{credential}"'`),
      `${JSON_BREAKS} {credential} would break; write {credential:json}`,
    ],
    [
      'escapes the texts of malformed JSON',
      valued(`'{{ "a": "{credential}", }}'`),
      `${JSON_BREAKS} {credential} would break; write {credential:json}`,
    ],
    [
      'encodes the texts of an address',
      valued("'postgres://{accountName}:{credential:json}@{systemName:url}/db'"),
      '16:12 syncs.fleet.value: contains an address, in which characters such as @ and / in {accountName}, {credential:json} change the meaning; write {accountName:url}, {credential:url}, or use the filter raw if the reader of the address does not decode %40',
    ],
    [
      'encodes the texts of an address in a field at any depth',
      valued(`{ a: [{ b: 'see "{systemName}://x?{credential}" {accountName}' }] }`),
      '16:23 syncs.fleet.value.a[0].b: contains an address, in which characters such as @ and / in {credential} change the meaning; write {credential:url}, or use the filter raw if the reader of the address does not decode %40',
    ],
    [
      'has only known filters',
      valued("'{credential:ulr}'"),
      '16:12 syncs.fleet.value: there is no filter "ulr"; write for example {credential:url}. The filters are url, json, base64, shell, xml, raw',
    ],
    [
      'has a filter for JSON only between quotes',
      valued("{ a: '{credential:json}' }"),
      '16:17 syncs.fleet.value.a: has nothing around {credential:json}, which belongs between quotes; write {credential}',
    ],
    [
      'has no quotes around a word of a shell',
      valued(JSON.stringify(String.raw`A='\'{systemName:shell} B="\"{credential:shell}{accountName:shell}" 'x'`)),
      '16:12 syncs.fleet.value: has quotes around {credential:shell}, {accountName:shell}, but the filter shell writes its own; remove them',
    ],
    [
      'has no number that JSON rounds',
      valued("{ a: '{credential}', b: [9007199254740992] }"),
      '16:37 syncs.fleet.value.b[0]: readers of JSON round whole numbers from 2^53 on; put it in quotes',
    ],
    [
      'has no number that JSON lacks',
      valued("{ a: '{credential}', b: -.inf }"),
      '16:36 syncs.fleet.value.b: JSON has no such number; put it in quotes',
    ],
    [
      'has no number with more digits than JSON keeps',
      valued("{ a: '{credential}', b: 0.12345678901234567890 }"),
      '16:36 syncs.fleet.value.b: has more digits than a number in JSON keeps; put it in quotes',
    ],
    [
      'has no number that is too small for JSON',
      valued("{ a: '{credential}', b: 1e-400 }"),
      '16:36 syncs.fleet.value.b: has more digits than a number in JSON keeps; put it in quotes',
    ],
    [
      'has no empty field',
      valued("{ a: '{credential}', b: }"),
      '16:33 syncs.fleet.value.b: is empty; write null, or "" for empty text, or remove the key',
    ],
    [
      'has no empty key',
      valued("{ a: '{credential}', b: { '': 1 } }"),
      '16:42 syncs.fleet.value.b[""]: write a key that is not empty',
    ],
    [
      'has no key that readers drop',
      valued("{ a: '{credential}', __proto__: 1 }"),
      '16:44 syncs.fleet.value.__proto__: use another key, because readers of JSON drop this one',
    ],
    [
      'is not nested too deeply',
      valued(`{ a: ${'['.repeat(16)}'{credential}'${']'.repeat(16)} }`),
      `16:32 syncs.fleet.value.a${'[0]'.repeat(15)}: move it up: maps and lists can be nested 16 levels deep`,
    ],
    [
      'does not contain itself',
      valued("&v { a: '{credential}', b: *v }"),
      '16:39 syncs.fleet.value.b: the alias *v is inside of its own anchor; repeat the lines instead',
    ],
  ]);

  it.each([
    'plain text with braces, {{credential}} {credential}',
    '{{{accountName}:{credential}}}',
    `{{"a": "{credential:json}", "b": "{credential:url}", "c": {credential:raw}}}`,
    'jdbc:sqlserver://{systemName:raw};password={credential:raw}',
    'see https://example.com/ for {credential}',
    'export A={credential:shell}',
    "# it's\nexport A={credential:shell}",
    `A=\\'"x"{credential:shell}'y'`,
  ])('may be %s', (text) => {
    expect(problemsOf(configWith(valued(JSON.stringify(text))))).toEqual([]);
  });

  it('may be a map of everything that JSON has, and keeps it', () => {
    const fields = `{ a: ['{credential}', ''], b: { c: 5432, d: -1.50, e: 0x1F, f: 1e3 }, g: true, h: ~, i: [], j: {} }`;
    const { syncs } = parseConfig(configWith(valued(fields)), { file: 'relay.yaml' });
    expect(JSON.stringify(syncs['fleet']?.value)).toBe(
      '{"a":["{credential}",""],"b":{"c":5432,"d":-1.5,"e":31,"f":1000},"g":true,"h":null,"i":[],"j":{}}',
    );
  });

  it('may have 16 levels', () => {
    expect(problemsOf(configWith(valued(`{ a: ${'['.repeat(15)}'{credential}'${']'.repeat(15)} }`)))).toEqual([]);
  });
});

const contentOf = (value: unknown, credential: string): string =>
  String(
    createRendering(valueTemplate.parse(value))
      .render(anItem(), { secret: new Secret(credential) })
      .reveal(),
  );

describe('the map that a refused JSON text becomes', () => {
  const anyJson = fc.jsonValue({ maxDepth: 3 }).map((inner) => ({ password: 'CREDENTIAL', 'a "{}"': inner }));
  /** Spells JSON as a template, in which a word is a placeholder. */
  const spell = (value: unknown): string => writeText(JSON.stringify(value)).replaceAll('CREDENTIAL', '{credential}');

  it('delivers the same as the text if nothing in it needs an escape, whatever its structure', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const template = spell(value);
        const parsed = parseTemplate(template);
        const map = writeAsMap(parsed.ok ? parsed.parts : []);
        if (map === undefined) {
          expect(valueTemplate.safeParse(value).success).toBe(false);
          return;
        }
        const pasted: unknown = parseYaml(map);
        expect(JSON.parse(contentOf(pasted, 'x'))).toEqual(JSON.parse(contentOf(template, 'x')));
      }),
    );
  });
});
