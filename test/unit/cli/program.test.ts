import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPaint, inColumns } from '#cli/output.ts';
import { run } from './output.ts';

const SCREEN = { lines: 24, columns: 80 };
const EXAMPLE = 'examples/minimal.yaml';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pam-relay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (text: string): string => {
  const file = join(folder, 'relay.yaml');
  writeFileSync(file, text);
  return file;
};

describe('pam-relay', () => {
  it.each([[], ['validate'], ['plan'], ['explain'], ['completion']])(
    'shows help on one screen: %s',
    async (...verb) => {
      const { code, lines } = await run(...verb, '--help');
      expect(code).toBe(0);
      expect(lines.length).toBeGreaterThan(5);
      expect(lines.length).toBeLessThan(SCREEN.lines);
      expect(lines.filter((line) => line.length > SCREEN.columns)).toEqual([]);
    },
  );

  it.each([
    [['vaildate'], 'Did you mean validate?'],
    [['plan', '--stcak', 'x'], 'Did you mean --stack?'],
    [['plan', '--password', 'x'], "unknown option '--password'"],
  ])('refuses %j with advice', async (argv, advice) => {
    const { code, lines, errors } = await run(...argv);
    expect([code, lines]).toEqual([1, []]);
    expect(errors.join('\n')).toContain(advice);
  });

  it.each(['bash', 'zsh', 'fish'])('completes itself in %s', async (shell) => {
    const written = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect((await run('completion', shell)).code).toBe(0);
    expect(written.mock.calls.join('\n')).toContain('pam-relay complete --');
    written.mockRestore();
  });
});

describe('pam-relay validate', () => {
  it('accepts an example', async () => {
    expect(await run('validate', EXAMPLE)).toEqual({
      code: 0,
      lines: [`${EXAMPLE} is valid, with no warnings.`],
      errors: [],
    });
  });

  it('lists every problem with its line, field and fix, and fails', async () => {
    const file = fileWith('relay: local\nconnectoins: {}\nstores: {}\nstores: {}\n');
    const { code, lines } = await run('validate', file);
    expect(code).toBe(1);
    expect(lines).toEqual([
      `${file}:2:1 problem connectoins: is not a known key; did you mean "connections"?`,
      `${file}:4:1 problem stores: "stores" is already in line 3; move the entries below it there, and remove this line`,
      `${file} is not valid: 2 problems.`,
    ]);
    const { code: sameCode, lines: json } = await run('validate', file, '--json');
    expect(sameCode).toBe(1);
    expect(JSON.parse(json.join('\n'))).toMatchObject({
      valid: false,
      problems: [
        { line: 2, column: 1, field: 'connectoins', message: 'is not a known key; did you mean "connections"?' },
        { line: 4, field: 'stores' },
      ],
      warnings: [],
    });
  });

  it('lists warnings, and succeeds', async () => {
    const file = fileWith(`
connections:
  vault:
    type: password-safe
    url: https://pam.example.com/BeyondTrust/api/public/v3
    authentication: { type: oauth, bootstrapSecret: bootstrap/vault }
stores: { aws: { type: aws-secrets-manager } }
syncs:
  fleet:
    connection: vault
    stores: [aws]
    name: fleet/{systemName}/{accountName}
    schedule: { expression: rate(1 hour) }
    select: { systems: ["db-[0-9]*"] }
`);
    const { code, lines } = await run('validate', file);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(`${file}:14:25 warning syncs.fleet.select.systems[0]: contains "[", "]", which`);
    expect(lines[1]).toBe(`${file} is valid, with 1 warning.`);
  });

  it('names a file that cannot be read, and what to do', async () => {
    expect(await run('validate', 'missing.yaml')).toMatchObject({
      code: 1,
      errors: [expect.stringContaining('missing.yaml cannot be read. Start from examples/minimal.yaml')],
    });
  });
});

describe('pam-relay explain', () => {
  const explain = (...argv: string[]) => run('explain', ...argv, '--file', EXAMPLE);

  it('explains a name whose ending was changed', async () => {
    const { code, lines } = await explain('databases/db-01/db=2Dbackup');
    expect(code).toBe(0);
    expect(lines).toEqual([
      'databases/db-01/db=2Dbackup',
      '  Rule         sync databases, store aws',
      '  Template     databases/{systemName}/{accountName}',
      '  systemName   db-01',
      '  accountName  db-backup',
      '  The name would end in a hyphen and six letters or digits, like the ARN of a secret, so this hyphen is written as =2D.',
    ]);
  });

  it('leads from the name that someone expects to the name of the secret', async () => {
    const { lines } = await explain('databases/db-01/db-backup');
    expect(lines).toContain(
      '  No secret is called databases/db-01/db-backup. The secret of this item is called databases/db-01/db=2Dbackup.',
    );
  });

  it('explains encoded and empty labels', async () => {
    const { lines } = await explain('databases/_/CORP=5Csvc=20report');
    expect(lines).toEqual(
      expect.arrayContaining([
        '  systemName is empty, which a name shows as _.',
        '  accountName is "CORP\\\\svc report", which a name shows as CORP=5Csvc=20report.',
      ]),
    );
  });

  it('names the secret of an item, and says what does not select it', async () => {
    const { code, lines } = await explain('--item', 'systemName=web-01', 'accountName=db-backup');
    expect(code).toBe(0);
    expect(lines[0]).toBe('databases/web-01/db=2Dbackup');
    expect(lines.at(-1)).toBe('  The rule does not select it: the patterns for systemName exclude it.');
  });

  it('is JSON on request', async () => {
    const { lines } = await explain('databases/db-01/sa', '--json');
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      file: EXAMPLE,
      explanations: [{ rule: 'databases', workflow: 'sync', labels: { systemName: 'db-01', accountName: 'sa' } }],
    });
  });

  it.each([
    [['other/name'], 'delivers a secret called other/name. The templates are databases/{systemName}/{accountName}.'],
    [['--item', 'title=x'], 'No rule of examples/minimal.yaml has all of these labels.'],
  ])('fails for %j, and says why', async (argv, why) => {
    const { code, lines } = await explain(...argv);
    expect([code, lines.join('\n')]).toEqual([1, expect.stringContaining(why)]);
  });

  it.each([
    [[], 'Give either the NAME of a secret or an item'],
    [['--item', 'db-01'], '--item has a text without a label. Write LABEL=TEXT'],
  ])('refuses %j', async (argv, why) => {
    expect(await explain(...argv)).toMatchObject({ code: 1, errors: [expect.stringContaining(why)] });
  });
});

describe('colours', () => {
  const paintedOn = (isTTY: boolean, environment: Readonly<Record<string, string>>): string => {
    for (const name of ['FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS']) vi.stubEnv(name, environment[name]);
    vi.stubEnv('TERM', 'xterm-256color');
    // Node shows no colours in most continuous integrations.
    vi.stubEnv('CI', undefined);
    const { getColorDepth } = WriteStream.prototype;
    const stream = Object.assign(new PassThrough(), { isTTY, getColorDepth });
    return createPaint(stream)('bad', 'text');
  };

  it('appear on a terminal, unless NO_COLOR is set', () => {
    expect(paintedOn(true, {})).toBe('\u001B[31mtext\u001B[39m');
    expect(paintedOn(true, { NO_COLOR: '1' })).toBe('text');
    expect(paintedOn(false, {})).toBe('text');
  });
});

it('aligns columns, and escapes texts from outside', () => {
  expect(
    inColumns([
      ['a', 'b'],
      ['\u001B[2J', ''],
    ]),
  ).toEqual(['a          b', '\\u{1B}[2J']);
});
