/**
 * Lives of changes in a ticket system, each with the access that it must have at every moment. Times are in minutes
 * from the first message of a round. States are those of ServiceNow's normal change.
 */

const NEW = '-5';
const SCHEDULED = '-2';
const IMPLEMENT = '-1';
const REVIEW = '0';
const CLOSED = '3';
const CANCELED = '4';

/** Planned start and end of a change, unless its life says otherwise. */
const START = 60;
const END = 180;

/** A message about a change. */
export interface Told {
  /** Time of arrival. */
  readonly at: number;
  /** Counter of the change. A message with a lower one was sent earlier. */
  readonly count: number;
  readonly state: string;
  readonly approval: 'approved' | 'rejected' | 'requested';
  readonly from: number;
  readonly until: number;
  readonly account: 'named' | 'missing';
  /** Number of times that the message arrives. */
  readonly times: number;
  readonly signature: 'right' | 'forged';
}

/** Life of one change. */
export interface Life {
  readonly name: string;
  readonly told: readonly Told[];
  /** Times between which the store must hold the credential. */
  readonly open: readonly (readonly [from: number, until: number])[];
  /** Messages that must be refused with a reason. */
  readonly refused: number;
}

const told = (at: number, count: number, state: string, more: Partial<Told> = {}): Told => ({
  at,
  count,
  state,
  approval: 'approved',
  from: START,
  until: END,
  account: 'named',
  times: 1,
  signature: 'right',
  ...more,
});

/** Approved before its window, and in work at its start. */
const approved = [told(0, 1, SCHEDULED), told(START + 5, 2, IMPLEMENT)];

/** Lives for so many tickets, which repeat after the last. */
export const livesFor = (count: number): Life[] =>
  Array.from({ length: count }, (_, index) => LIVES[index % LIVES.length]).filter((life) => life !== undefined);

export const LIVES: readonly Life[] = [
  {
    name: 'approved before its window, and closed in it',
    told: [...approved, told(120, 3, REVIEW), told(130, 4, CLOSED)],
    open: [[START, 120]],
    refused: 0,
  },
  {
    name: 'approved inside its window',
    told: [told(0, 1, NEW, { approval: 'requested' }), told(90, 2, IMPLEMENT), told(120, 3, CLOSED)],
    open: [[90, 120]],
    refused: 0,
  },
  { name: 'never closed', told: approved, open: [[START, END]], refused: 0 },
  {
    name: 'extended',
    told: [...approved, told(100, 3, IMPLEMENT, { until: 210 })],
    open: [[START, 210]],
    refused: 0,
  },
  {
    name: 'shortened',
    told: [...approved, told(100, 3, IMPLEMENT, { until: 140 })],
    open: [[START, 140]],
    refused: 0,
  },
  {
    name: 'moved to a later window before its start',
    told: [told(0, 1, SCHEDULED), told(30, 2, SCHEDULED, { from: 90, until: 200 })],
    open: [[90, 200]],
    refused: 0,
  },
  {
    name: 'moved to an earlier window before its start',
    told: [told(0, 1, SCHEDULED), told(10, 2, SCHEDULED, { from: 30, until: 100 })],
    open: [[30, 100]],
    refused: 0,
  },
  {
    name: 'cancelled before its start',
    told: [told(0, 1, SCHEDULED), told(30, 2, CANCELED)],
    open: [],
    refused: 0,
  },
  { name: 'cancelled in its window', told: [...approved, told(100, 3, CANCELED)], open: [[START, 100]], refused: 0 },
  {
    name: 'rejected after it was approved',
    told: [told(0, 1, SCHEDULED), told(30, 2, SCHEDULED, { approval: 'rejected' })],
    open: [],
    refused: 0,
  },
  {
    name: 'reverted, and approved again',
    told: [...approved, told(90, 3, NEW, { approval: 'requested' }), told(120, 4, IMPLEMENT), told(150, 5, CLOSED)],
    open: [
      [START, 90],
      [120, 150],
    ],
    refused: 0,
  },
  {
    name: 'told in reverse order',
    told: [told(70, 3, CLOSED), told(75, 2, IMPLEMENT), told(80, 1, SCHEDULED)],
    open: [],
    refused: 0,
  },
  {
    name: 'told three times',
    told: [
      told(0, 1, SCHEDULED, { times: 3 }),
      told(70, 2, IMPLEMENT, { times: 3 }),
      told(120, 3, CLOSED, { times: 3 }),
    ],
    open: [[START, 120]],
    refused: 0,
  },
  { name: 'told only at its end', told: [told(120, 5, CLOSED)], open: [], refused: 0 },
  { name: 'over when it is told', told: [told(END + 10, 1, IMPLEMENT)], open: [], refused: 0 },
  {
    name: 'without an account at first',
    told: [told(0, 1, SCHEDULED, { account: 'missing' }), told(70, 2, IMPLEMENT), told(120, 3, CLOSED)],
    open: [[70, 120]],
    refused: 1,
  },
  {
    name: 'longer than the rule allows',
    told: [told(0, 1, SCHEDULED, { until: START + 600 }), told(120, 2, CLOSED)],
    open: [],
    refused: 1,
  },
  {
    name: 'ends before it begins',
    told: [told(0, 1, SCHEDULED, { from: END, until: START })],
    open: [],
    refused: 1,
  },
  { name: 'not approved', told: [told(70, 1, IMPLEMENT, { approval: 'requested' })], open: [], refused: 0 },
  { name: 'forged', told: [told(70, 1, IMPLEMENT, { signature: 'forged' })], open: [], refused: 0 },
];
