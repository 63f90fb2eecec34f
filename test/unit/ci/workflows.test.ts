import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const stepSchema = z.object({ run: z.string().optional(), uses: z.string().optional() });
const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      strategy: z.object({ matrix: z.object({ include: z.array(z.object({ run: z.string() })) }) }).optional(),
      steps: z.array(stepSchema),
    }),
  ),
});

const read = (name: string) => workflowSchema.parse(parse(readFileSync(`.github/workflows/${name}.yml`, 'utf8')));

describe('the workflows on GitHub', () => {
  it('run every ring and every check of .ci/run', () => {
    const commands = [...readFileSync('.ci/run', 'utf8').matchAll(/^ *(?:step|ring) (?:nice -n \d+ )?(npm .*)$/gm)];
    const ours = commands.flatMap(([, command = '']) => (command.startsWith('npm ci ') ? [] : command));
    expect(ours).toContain('npm run test:campaigns');
    const jobs = Object.values(read('ci').jobs).flatMap(({ strategy }) => strategy?.matrix.include ?? []);
    const runs = jobs.flatMap(({ run }) => run.split(' && '));
    const { check } = z
      .object({ scripts: z.object({ check: z.string() }) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8'))).scripts;
    const run = [...runs, ...check.split(' && ')];
    expect(ours.filter((command) => !run.includes(command))).toEqual([]);
  });

  it.each(['ci', 'codeql', 'release'])('%s may write nothing unless a job asks for it', (name) => {
    expect(read(name).permissions).toEqual({ contents: 'read' });
  });
});
