import { nextWake } from '../executions.ts';
import type { FleetAccount } from '../simulators/password-safe/fleet.ts';
import type { World } from '../world.ts';
import type { Life, Told } from './lives.ts';
import { createServiceDesk, TICKET_PREFIX } from './service-desk.ts';

/** Lives of tickets in a local run. */

/** Numbers of openings that reached the store, of those that ended, of refused states, and of secrets that are left. */
export interface TicketFigures {
  readonly opened: number;
  readonly closed: number;
  readonly refused: number;
  readonly leftOpen: number;
}

export interface TicketsRun {
  readonly figures: TicketFigures;
  /** One sentence for each broken promise. */
  readonly broken: readonly string[];
}

const MINUTE_MS = 60_000;
/** Time after which an opening or an end must show. */
const GRACE_MINUTES = 2;
/** Time after which every window of a round is over. */
const ROUND_MINUTES = 300;

/** A ticket with its life and its account. */
interface Ticket {
  readonly number: string;
  readonly life: Life;
  readonly account: Pick<FleetAccount, 'systemName' | 'accountName'>;
}

/** Something to do at a minute of a round. */
interface Moment {
  readonly at: number;
  readonly run: () => Promise<void>;
}

/** Advances the clock from wait to wait. */
export const createTime = (world: Pick<World, 'aws' | 'clock'>, seen: () => void) => ({
  /** Lets everything happen that is due until a time. */
  async until(time: number): Promise<void> {
    const { clock } = world;
    for (;;) {
      const wake = await nextWake(world);
      seen();
      if (wake === undefined || wake > time) break;
      clock.advance(Math.max(0, Math.ceil(wake - clock.now())));
    }
    clock.advance(Math.max(0, Math.ceil(time - clock.now())));
  },
});

/** Number of the ticket of a life. */
export const numberOf = (index: number): string => `CHG${String(index + 1).padStart(7, '0')}`;

/** True if the store must hold the credential, false if it must not, undefined during a change. */
const mustBeOpen = ({ open }: Life, minute: number): boolean | undefined => {
  const isNear = open.flat().some((edge) => minute >= edge && minute < edge + GRACE_MINUTES);
  return isNear ? undefined : open.some(([from, until]) => minute >= from && minute < until);
};

const PROBES = Array.from({ length: ROUND_MINUTES / 5 }, (_, index) => index * 5 + 3);

/** Plays lives, each with a ticket of its own. The first ticket is CHG0000001. */
export const playTickets = async (
  world: World,
  lives: readonly Life[],
  say: (line: string) => void,
): Promise<TicketsRun> => {
  const { aws, clock, vault } = world;
  const { stackName } = aws.template;
  const send = createServiceDesk(world);
  const accounts = vault.accounts().filter(({ kind }) => kind === 'plain');
  const broken: string[] = [];
  const opened = new Set<string>();
  const openNames = (): string[] =>
    Object.keys(aws.secretsManager.currentValues()).filter((name) => name.startsWith(TICKET_PREFIX));
  const isOpen = (number: string): boolean => openNames().some((name) => name.startsWith(`${TICKET_PREFIX}${number}.`));
  const time = createTime(world, () => {
    for (const name of openNames()) opened.add(name);
  });

  const playRound = async (tickets: readonly Ticket[]): Promise<void> => {
    const start = clock.now();
    const at = (minute: number): string =>
      new Date(start + minute * MINUTE_MS).toISOString().slice(0, 19).replace('T', ' ');
    const tell = async ({ number, account }: Ticket, told: Told): Promise<void> => {
      const wanted = told.signature === 'right' ? 202 : 401;
      for (let time = 0; time < told.times; time++) {
        const change = {
          number,
          sys_mod_count: told.count,
          state: told.state,
          approval: told.approval,
          start_date: at(told.from),
          end_date: at(told.until),
          short_description: 'Patch the database',
          ...(told.account === 'named' && { cmdb_ci: account.systemName }),
          account: account.accountName,
        };
        const status = await send(change, told.signature);
        if (status !== wanted) broken.push(`Tickets: a webhook of ${number} was answered with ${status}.`);
      }
    };
    const probe = async ({ number, life }: Ticket, minute: number): Promise<void> => {
      const wanted = mustBeOpen(life, minute);
      if (wanted === undefined || isOpen(number) === wanted) return;
      const found = wanted ? 'has no access' : 'has access';
      broken.push(`Tickets: ${number} (${life.name}) ${found} in minute ${minute}.`);
    };
    const moments: Moment[] = tickets.flatMap((ticket) => [
      ...ticket.life.told.map((told) => ({ at: told.at, run: () => tell(ticket, told) })),
      ...PROBES.map((minute) => ({ at: minute, run: () => probe(ticket, minute) })),
    ]);
    for (const [minute, due] of [...Map.groupBy(moments, (moment) => moment.at)].toSorted(([a], [b]) => a - b)) {
      await time.until(start + minute * MINUTE_MS);
      for (const { run } of due) await run();
      await aws.eventSources.drained(`${stackName}-tickets`);
    }
    await time.until(start + ROUND_MINUTES * MINUTE_MS);
  };

  const tickets = lives.map((life, index): Ticket => {
    const account = accounts[index % accounts.length];
    if (account === undefined) throw new Error('There is no account for a ticket.');
    return { number: numberOf(index), life, account };
  });
  say(`Tickets: ${lives.length} changes, with ${new Set(lives).size} lives`);
  for (let from = 0; from < lives.length; from += accounts.length)
    await playRound(tickets.slice(from, from + accounts.length));

  const refusals = await aws.queues.messages(`${stackName}-tickets-refused`);
  const wanted = tickets.reduce((sum, { life }) => sum + life.refused, 0);
  if (refusals.length !== wanted) broken.push(`Tickets: ${refusals.length} states were refused instead of ${wanted}.`);
  const openings = tickets.reduce((sum, { life }) => sum + life.open.length, 0);
  if (opened.size !== openings) broken.push(`Tickets: ${opened.size} accounts were opened instead of ${openings}.`);
  const left = openNames().length;
  if (left > 0) broken.push(`Tickets: ${left} secrets are left in the store.`);
  return {
    figures: { opened: opened.size, closed: opened.size - left, refused: refusals.length, leftOpen: left },
    broken,
  };
};
