import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Need } from '#local/aws/permissions/evaluate.ts';
import { isLike } from '#local/aws/permissions/operators.ts';
import { parsePolicy } from '#local/aws/permissions/statement.ts';

const policy = (...statements: readonly Record<string, unknown>[]) =>
  parsePolicy({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::records/*',
      ...statement,
    })),
  });
const NEED: Need = { action: 's3:GetObject', resource: 'arn:aws:s3:::records/runs/1' };
const decision = (statements: ReturnType<typeof policy>, need: Partial<Need> = {}) =>
  evaluate(statements, { ...NEED, ...need }).kind;

/** The same rule, spelled out one character at a time. */
const likeByHand = (value: string, pattern: string): boolean => {
  const [first, ...rest] = [...pattern];
  const characters = [...value];
  if (first === undefined) return value === '';
  if (first === '*')
    return characters
      .map((_, index) => characters.slice(index).join(''))
      .concat('')
      .some((tail) => likeByHand(tail, rest.join('')));
  if (characters.length === 0 || (first !== '?' && first !== characters[0])) return false;
  return likeByHand(characters.slice(1).join(''), rest.join(''));
};

describe('the effect of a policy', () => {
  it('allows nothing that the policy does not name', () => {
    expect(decision(policy({}))).toBe('allowed');
    expect(decision(policy({}), { action: 's3:PutObject' })).toBe('not-allowed');
    expect(decision(policy({}), { resource: 'arn:aws:s3:::records-of-others/runs/1' })).toBe('not-allowed');
    expect(decision([])).toBe('not-allowed');
  });

  it('does not depend on the case of an action, but on that of a resource', () => {
    expect(decision(policy({ Action: 'S3:getobject' }))).toBe('allowed');
    expect(decision(policy({ Resource: 'arn:aws:s3:::Records/*' }))).toBe('not-allowed');
  });

  it('is overridden by a denial', () => {
    expect(decision(policy({ Action: 's3:*' }, { Effect: 'Deny', Resource: '*' }))).toBe('denied');
  });

  it('names the grant, so that unused grants can be found', () => {
    const statements = policy({ Action: ['s3:PutObject', 's3:GetObject'], Resource: ['arn:aws:s3:::other/*', '*'] });
    expect(evaluate(statements, NEED)).toMatchObject({ by: { action: 's3:GetObject', resource: '*' } });
  });

  it.each([
    ['StringEquals', 'kms:ViaService', 's3.eu.amazonaws.com', ['s3.eu.amazonaws.com'], 'allowed'],
    ['StringEquals', 'kms:ViaService', 's3.*', ['s3.eu.amazonaws.com'], 'not-allowed'],
    ['StringEquals', 'kms:ViaService', 's3.eu.amazonaws.com', undefined, 'not-allowed'],
    ['StringLike', 'aws:ResourceTag/owner', 'prod.*', ['prod.1/a'], 'allowed'],
    ['StringLike', 'aws:ResourceTag/owner', 'prod.*', ['test.1/a'], 'not-allowed'],
    ['StringLike', 'aws:ResourceTag/owner', 'prod.*', undefined, 'not-allowed'],
    ['StringLikeIfExists', 'aws:ResourceTag/owner', 'prod.*', undefined, 'allowed'],
    ['StringLikeIfExists', 'aws:ResourceTag/owner', 'prod.*', ['test.1/a'], 'not-allowed'],
    ['ForAllValues:StringEquals', 'aws:TagKeys', 'owner', ['owner'], 'allowed'],
    ['ForAllValues:StringEquals', 'aws:TagKeys', 'owner', ['owner', 'team'], 'not-allowed'],
    ['ForAllValues:StringEquals', 'aws:TagKeys', 'owner', undefined, 'allowed'],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', 'owner', ['owner', 'team'], 'allowed'],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', 'owner', undefined, 'not-allowed'],
    [
      'ArnEquals',
      'lambda:SourceFunctionArn',
      'arn:aws:lambda:*:1:function:a',
      ['arn:aws:lambda:eu:1:function:a'],
      'allowed',
    ],
    [
      'ArnEquals',
      'lambda:SourceFunctionArn',
      'arn:aws:lambda:*:function:a',
      ['arn:aws:lambda:eu:1:function:a'],
      'not-allowed',
    ],
  ])('of %s on %s with %s, given %s, is: %5$s', (operator, key, wanted, given, expected) => {
    const statements = policy({ Condition: { [operator]: { [key]: wanted } } });
    expect(decision(statements, { context: given === undefined ? {} : { [key]: given } })).toBe(expected);
  });

  it('needs every condition of a statement', () => {
    const Condition = {
      StringLike: { 'aws:RequestTag/owner': 'prod.*' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['owner'] },
    };
    const context = { 'aws:RequestTag/owner': ['prod.1/a'], 'aws:TagKeys': ['owner', 'team'] };
    expect(decision(policy({ Condition }), { context })).toBe('not-allowed');
  });
});

describe('a policy with anything unknown in it is refused', () => {
  it.each([
    ['an operator', { Condition: { DateLessThan: { 'aws:TagKeys': '2026' } } }, /DateLessThan/],
    ['a condition key', { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'red' } } }, /aws:PrincipalTag/],
    ['a policy variable', { Resource: `arn:aws:s3:::records/\${aws:username}/*` }, /policy variable/],
    ['an element', { NotAction: 's3:DeleteObject' }, /NotAction/],
  ])('%s', (_what, statement, message) => {
    expect(() => policy(statement)).toThrow(message);
  });
});

describe('wildcards', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', ':', '.', '(', '\\', '\n') });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '(', '\\', '\n', '*', '?'), maxLength: 8 });

  it('match as documented by IAM, regardless of the surrounding text', () => {
    fc.assert(fc.property(letters, patterns, (text, pattern) => isLike(text, pattern) === likeByHand(text, pattern)));
  });

  it('match only the same text if a pattern has none', () => {
    fc.assert(fc.property(letters, (text) => isLike(text, text)));
  });
});
