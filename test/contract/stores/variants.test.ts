import { describe, expect, test } from 'vitest';
import { VariantRemote } from '#test/support/variant-remote.ts';
import { createVariantStore, type Defect, type Variant, variantRules } from '#test/support/variant-store.ts';
import type { Registrar, StoreBench } from './store-scene.ts';
import { describeStore } from './store-suite.ts';

/** Like Secrets Manager, Vault and Parameter Store, as far as their promises go. */
const STAGED = { fence: 'before', recovery: 'days', binary: true, readable: true, marksLater: false } as const;
const MARKED = { fence: 'before', recovery: 'fixed', binary: false, readable: true, marksLater: true } as const;
const PLAIN = { fence: 'after', recovery: 'none', binary: false, readable: true, marksLater: false } as const;

/** Any two promises of different kinds meet in one of these. */
const VARIANTS: readonly Variant[] = [
  STAGED,
  MARKED,
  { fence: 'before', recovery: 'none', binary: false, readable: false, marksLater: false },
  { fence: 'after', recovery: 'days', binary: false, readable: false, marksLater: false },
  { fence: 'after', recovery: 'fixed', binary: true, readable: true, marksLater: false },
  PLAIN,
  { fence: 'none', recovery: 'days', binary: false, readable: true, marksLater: true },
  { fence: 'none', recovery: 'fixed', binary: true, readable: false, marksLater: false },
  { fence: 'none', recovery: 'none', binary: true, readable: true, marksLater: true },
];

const RETIRED =
  'with recovery keeps the value as far as the store can, and without it nothing, not even an earlier one';
const SECRECY = 'is printed by no operation, nor readable beside the values';
const LISTED = 'shows all that one owner has, each with its stamp, and nothing else, or fails';

/** Each mistake, in a variant that can make it, with the test that finds it. */
const FINDINGS: readonly (readonly [mistake: Defect, variant: Variant, test: string])[] = [
  ['the stamp is written before the value', MARKED, 'that dies at any call gives way to a newer one'],
  ['the value is not read back', STAGED, 'notices a value that the store has not kept'],
  ['a value that was not kept has a stamp', STAGED, 'notices a value that the store has not kept'],
  [
    'the fence is not used',
    STAGED,
    'never replace a newer value by an older one, and the next run delivers the newest',
  ],
  [
    'a lost race is not noticed',
    PLAIN,
    'notice that an older value has replaced a newer one, and the next run delivers the newest',
  ],
  ['a prefix of the owner is enough', STAGED, 'is that of another owner, too'],
  ['any owner is enough', STAGED, 'is that of another owner, too'],
  ['a retirement leaves the earlier versions', PLAIN, RETIRED],
  ['a retirement without recovery is recoverable', STAGED, RETIRED],
  ['a list skips a page', STAGED, LISTED],
  ['a list ends at an error', STAGED, LISTED],
  ['an error counts as absent', STAGED, 'an inspection that loses any answer is an error, and never shows an absence'],
  ['an error is final', STAGED, 'that loses any answer fails for the moment only, or ends delivered'],
  ['the same value is written again', STAGED, 'twice changes nothing'],
  ['the description holds the value', STAGED, SECRECY],
  ['the description holds a hash of the value', STAGED, SECRECY],
  ['an error holds the value', STAGED, 'that is empty or no text is refused, and leaves what there is'],
  ['an empty value is kept', STAGED, 'that is empty or no text is refused, and leaves what there is'],
  ['large values are cut', STAGED, 'that is larger is refused, and leaves what there is'],
  ['bytes are decoded', STAGED, 'of bytes is kept byte by byte, and is no text of the same letters'],
  ['bytes become text', PLAIN, 'of bytes is refused'],
  ['a delivery that was called off goes on', STAGED, 'writes nothing once it was called off'],
  ['names are folded', STAGED, 'is made of parts that differ if their texts do, and that can be read back'],
];

const titleOf = ({ fence, recovery, binary, readable, marksLater }: Variant): string =>
  [
    `a store with the fence ${fence} and the recovery ${recovery}`,
    binary ? 'of bytes' : 'of text',
    readable ? 'that can be read' : 'that cannot be read',
    ...(marksLater ? ['with later stamps'] : []),
  ].join(', ');

const benchOf = (variant: Variant, defect?: Defect): StoreBench => ({
  rules: variantRules(variant, defect),
  open: async () => {
    const remote = new VariantRemote();
    const common = { remote, variant, defect };
    return {
      pageSize: VariantRemote.pageSize,
      connect: (owner) => createVariantStore({ ...common, owner }),
      connectThrough: (owner, around) => createVariantStore({ ...common, owner, around }),
      connectGarbled: (owner) => createVariantStore({ ...common, owner, garbles: true }),
      makeForeign: async (name, value) => remote.makeForeign(name, value),
      adopt: async (name, owner) => remote.setOwner(name, owner),
      valueOf: async (name) => remote.read(name),
      readable: async (name) => remote.valuesOf(name),
      everythingVisible: async () => remote.visible(),
    };
  },
});

for (const variant of VARIANTS) describeStore(titleOf(variant), benchOf(variant));

/** Runs the tests with one title. */
const run = async (bench: StoreBench, wanted: string): Promise<PromiseSettledResult<void>[]> => {
  const prepared: (() => Promise<void>)[] = [];
  const tests: Parameters<Registrar['test']>[1][] = [];
  describeStore('', bench, {
    describe: (_title, define) => define(),
    test: (title, each) => {
      if (title === wanted) tests.push(each);
    },
    beforeAll: (prepare) => void prepared.push(prepare),
    afterAll: () => {},
  });
  for (const prepare of prepared) await prepare();
  return Promise.allSettled(tests.map((each) => each({ skip: () => {} })));
};

describe('the suite finds that', () => {
  test.each(FINDINGS)('%s', async (defect, variant, title) => {
    const results = await run(benchOf(variant, defect), title);
    expect(results.map(({ status }) => status)).toContain('rejected');
  });
});
