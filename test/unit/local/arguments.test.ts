import { describe, expect, it } from 'vitest';
import { count, flag, readArguments, UsageError } from '#local/arguments.ts';

const SHAPE = { accounts: count(40, { min: 1, max: 1000 }), json: flag };
const read = (...argv: string[]) => readArguments(argv, SHAPE);

describe('the options of a command', () => {
  it('have defaults', () => {
    expect(read()).toEqual({ accounts: 40, json: false });
  });

  it('are read in both spellings', () => {
    expect(read('--accounts', '7', '--json')).toEqual({ accounts: 7, json: true });
    expect(read('--accounts=7')).toEqual({ accounts: 7, json: false });
  });

  it.each([
    [['--accounts', 'many'], '--accounts must be a whole number'],
    [['--accounts=-1'], '--accounts must be a whole number'],
    [['--accounts=1.5'], '--accounts must be a whole number'],
    [['--accounts=0'], '--accounts must be at least 1'],
    [['--accounts=1001'], '--accounts must be at most 1000'],
    [['--acounts=1'], "Unknown option '--acounts'. Known options: --accounts, --json"],
    [['forty'], "Unexpected argument 'forty'. Known options: --accounts, --json"],
  ])('that cannot be used are refused in one line: %j', (argv, message) => {
    expect(() => read(...argv)).toThrow(new UsageError(message));
  });
});
