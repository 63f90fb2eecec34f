import { describe, expect, it } from 'vitest';
import { parseTemplate } from '#local/aws/template/template.ts';

const parse = (Resources: object, Parameters: object = {}) =>
  parseTemplate({ stackName: 'stack', json: { Resources, Parameters }, endpoint: 'http://127.0.0.1:1' });

/** Resolved value of a property, among resources that it can refer to. */
const resolved = (value: unknown) => {
  const { resources } = parse(
    {
      Queue: { Type: 'AWS::SQS::Queue' },
      Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'sync' } },
      Asked: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: value } },
    },
    { Given: { Default: 'parameter' } },
  );
  const { DisplayName: result } = resources[2]?.properties ?? {};
  return result;
};

// A substitution's text looks like a template string by nature.
const sub = (name: string) => `\${${name}}`;
const MACHINE_ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:sync';

describe("a template's values", () => {
  it.each([
    ['a plain text', 'text', 'text'],
    ['a parameter', { Ref: 'Given' }, 'parameter'],
    ['a pseudo parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['a reference', { Ref: 'Machine' }, MACHINE_ARN],
    ['a queue by its local address', { Ref: 'Queue' }, 'http://127.0.0.1:1/000000000000/stack-Queue'],
    ['an attribute', { 'Fn::GetAtt': ['Machine', 'Name'] }, 'sync'],
    ['an attribute in one text', { 'Fn::GetAtt': 'Queue.QueueName' }, 'stack-Queue'],
    ['a join', { 'Fn::Join': ['-', ['a', { Ref: 'Given' }, 1]] }, 'a-parameter-1'],
    ['a choice', { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    [
      'a substitution',
      { 'Fn::Sub': `${sub('AWS::Region')}/${sub('Machine.Name')}/${sub('!kept')}` },
      `us-east-1/sync/${sub('kept')}`,
    ],
    [
      'a substitution with variables',
      { 'Fn::Sub': [`${sub('x')}-${sub('Given')}`, { x: { Ref: 'Given' } }] },
      'parameter-parameter',
    ],
    [
      'lists and objects',
      [{ a: { Ref: 'Given' } }, { b: [1, null, true] }],
      [{ a: 'parameter' }, { b: [1, null, true] }],
    ],
    ['what is not to be there', { kept: 1, gone: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
  ])('resolve %s', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it.each([
    ['an unknown function', { 'Fn::ImportValue': 'x' }, /Fn::ImportValue, which local mode does not support/],
    ['a condition', { 'Fn::If': ['c', 1, 2] }, /Fn::If/],
    ['a missing resource', { Ref: 'Gone' }, /refers to Gone/],
    ['an unknown attribute', { 'Fn::GetAtt': ['Queue', 'Colour'] }, /does not support the attribute Colour/],
    ['an item that is not there', { 'Fn::Select': [3, ['a']] }, /no item 3/],
  ])('with %s are refused', (_, value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });
});

describe("a template's resources", () => {
  it('can refer to each other in their names', () => {
    const template = parse({
      Schedule: { Type: 'AWS::Scheduler::Schedule', Properties: { Name: 'hourly', GroupName: { Ref: 'Group' } } },
      Group: { Type: 'AWS::Scheduler::ScheduleGroup' },
    });
    expect(template.ofType('AWS::Scheduler::Schedule')[0]?.identity.attributes).toEqual({
      Arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/stack-Group/hourly',
    });
  });

  it('are refused if local mode does not support their type', () => {
    expect(() => parse({ Table: { Type: 'AWS::DynamoDB::Table' } })).toThrow(/AWS::DynamoDB::Table, which local mode/);
  });

  it('are refused if they depend on a condition', () => {
    expect(() => parse({ Queue: { Type: 'AWS::SQS::Queue', Condition: 'Sometimes' } })).toThrow(/has a condition/);
  });
});
