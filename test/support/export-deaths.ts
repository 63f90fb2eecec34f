import { readRecord } from '#local/figures.ts';
import { startSecretSafe } from '#local/simulators/secretsafe/server.ts';
import { startWorld } from '#local/world.ts';
import { exportsAt } from '#shared/records/export-records.ts';

const CONNECTION = 'people';
const RULE = 'people-audit';
const SWEEP = 'local-export-sweep';
const BOOTSTRAP_SECRET = 'bootstrap/people';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Minute of each hour in which a run starts. */
const MINUTE_OF_RUN_MS = 58 * MINUTE_MS;

/** More than a page of the server. */
const EVENTS = 55;

/** `step`: Step Functions repeats the step. `execution`: the next execution takes over. */
type Dies = 'step' | 'execution';

/** The synthesised stack with an export of a simulated SecretSafe, whose real function dies on demand. */
export const startExportDeaths = async (seed: number) => {
  let now = Date.now;
  /** Called before each call of the directory and of S3 takes effect. Rejects if the function died of it. */
  let strike = async (): Promise<void> => {};
  const server = await startSecretSafe({
    ...{ seed, now: () => now(), latencyMs: 1 },
    // The answer to a dead function does not matter.
    sleep: () => strike().catch(() => undefined),
    switches: { throttling: 'off' },
  });
  const world = await startWorld({
    ...{ accounts: 1, seed, waitScale: 0 },
    configure(config) {
      const authentication = { bootstrapSecret: BOOTSTRAP_SECRET };
      const limits = { perSecond: 1000 };
      const connection = { type: 'secretsafe', url: server.url, ca: server.caPem, authentication, limits };
      config.setIn(['connections', CONNECTION], config.createNode(connection));
      const schedule = { expression: 'rate(1 hour)' };
      config.setIn(
        ['exports', RULE],
        config.createNode({ connection: CONNECTION, ...{ schedule, startFromDays: 2, overlapMinutes: 0 } }),
      );
    },
  });
  const { aws, clock } = world;
  now = clock.now;
  aws.secretsManager.handle('CreateSecret', {
    Name: BOOTSTRAP_SECRET,
    ClientRequestToken: crypto.randomUUID(),
    SecretString: JSON.stringify(server.apiKey()),
  });
  aws.server.guard(async ({ caller }, { url = '' }) => {
    // Its other calls are those of a sign-in and of the limits of a connection.
    if (caller === SWEEP && /\/(exports|events)\//.test(url)) await strike();
    return undefined;
  });

  const addEvents = (hour: number): void => {
    // A repeated step has read a minute more of the hour before.
    const from = clock.now() - HOUR_MS + 3 * MINUTE_MS;
    const step = Math.floor((HOUR_MS - 5 * MINUTE_MS) / EVENTS);
    server.addEvents(...Array.from({ length: EVENTS }, (_, index) => ({ type: 1000, date: from + index * step })));
    server.addEvents({ type: 1, date: from + MINUTE_MS, dateText: `the hour ${hour}` });
    server.addLateEvent({ type: 2, date: from - 24 * HOUR_MS });
  };

  let hours = 0;
  const reported = { exported: 0, late: 0, unreadable: 0 };
  return {
    /** An hour with events, and the run after it, which dies at a call. Returns the number of calls. */
    async run(deathAt = Number.POSITIVE_INFINITY, dies: Dies = 'step'): Promise<number> {
      // Always the same calls: two pages, and the events of two hours that are written at the end of the window.
      clock.advance(HOUR_MS + MINUTE_OF_RUN_MS - (clock.now() % HOUR_MS));
      addEvents(hours++);
      let calls = 0;
      let stop = (): void => {};
      strike = async () => {
        if (calls++ !== deathAt) return;
        if (dies === 'execution') stop();
        await aws.functions.kill(SWEEP);
        // What the dead function holds, such as the renewal of the token, ends.
        clock.advance(MINUTE_MS);
        throw new Error('The function died.');
      };
      const started = await aws.scheduler.fire(`export.${RULE}`, clock.now());
      if (started.kind !== 'execution') throw new Error('The schedule starts no execution.');
      stop = () => void aws.stepFunctions.stop(started.execution.arn);
      const { ending } = await aws.stepFunctions.settled(started.execution.arn);
      const status = calls > deathAt && dies === 'execution' ? 'ABORTED' : 'SUCCEEDED';
      if (ending?.status !== status) throw new Error(`The run at call ${deathAt} ended as ${ending?.status}.`);
      if (status === 'SUCCEEDED') {
        const { exported, late, unreadable } = await readRecord(aws, exportsAt.report(RULE));
        reported.exported += exported;
        reported.late += late;
        reported.unreadable += unreadable;
      }
      return calls;
    },
    /** Events of the server, exported lines, and counts of the reports, after a run that looked at all days again. */
    async result() {
      clock.advance(24 * HOUR_MS);
      await this.run();
      const lines: string[] = [];
      for await (const { where, content } of aws.written()) {
        if (where.includes(`events/${RULE}/`))
          lines.push(
            ...content
              .toString()
              .split('\n')
              .filter((line) => line !== ''),
          );
      }
      // Those of the first run and, a day later, of the last one were not behind the cursor.
      return { added: server.addedEvents().length, addedLate: hours - 2, lines, reported };
    },
    async close(): Promise<void> {
      await world.close();
      await server.close();
    },
  };
};
