import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asText, FULL, loadExample, synthesise } from './synthesis.ts';

const { template } = synthesise(loadExample(FULL));

const conditions = z.record(z.string(), z.record(z.string(), z.unknown()));
const trustSchema = z.object({
  Principal: z.strictObject({ Service: z.string() }),
  Action: z.literal('sts:AssumeRole'),
  Condition: conditions.default({}),
});
const roleSchema = z.object({
  Properties: z.object({
    Description: z.string().default(''),
    AssumeRolePolicyDocument: z.object({ Statement: z.tuple([trustSchema]) }),
  }),
});

const HERE = '<AWS::Region>:<AWS::AccountId>';
/** Read from a template: `StringEquals aws:SourceAccount <AWS::AccountId>`. */
const inWords = (condition: z.infer<typeof conditions>): string[] =>
  Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => `${operator} ${key} ${[values].flat().map(asText).join(' ')}`),
  );
const sourcesOf = (arns: readonly string[]) => [
  'StringEquals aws:SourceAccount <AWS::AccountId>',
  `ArnLike aws:SourceArn ${arns.join(' ')}`,
];

const machine = (name: string) => {
  const arn = `arn:<AWS::Partition>:states:${HERE}:stateMachine:pam-relay-prod-${name}`;
  return sourcesOf([arn, `${arn}/*`]);
};

/** Principal and conditions of each role, except those of functions. */
const EXPECTED: Readonly<Record<string, readonly [service: string, conditions: readonly string[]]>> = {
  'Role of the sync workflow': ['states.amazonaws.com', machine('sync')],
  'Role of the checkout workflow': ['states.amazonaws.com', machine('checkout')],
  'Role of the release workflow': ['states.amazonaws.com', machine('release')],
  'Role of the provision workflow': ['states.amazonaws.com', machine('provision')],
  'Role of the rotate workflow': ['states.amazonaws.com', machine('rotate')],
  'Role of the export workflow': ['states.amazonaws.com', machine('export')],
  'Role of the directory workflow': ['states.amazonaws.com', machine('directory')],
  'Role of the drift workflow': ['states.amazonaws.com', machine('drift')],
  'Role of the schedules': [
    'scheduler.amazonaws.com',
    sourcesOf([`arn:<AWS::Partition>:scheduler:${HERE}:schedule-group/pam-relay-prod`]),
  ],
  'Role of the network flow logs': [
    'vpc-flow-logs.amazonaws.com',
    sourcesOf([`arn:<AWS::Partition>:ec2:${HERE}:vpc-flow-log/*`]),
  ],
};

const roles = Object.values(template.findResources('AWS::IAM::Role')).map((role) => {
  const { Description: name, AssumeRolePolicyDocument: document } = roleSchema.parse(role).Properties;
  const [{ Principal, Condition }] = document.Statement;
  return { name, service: Principal.Service, conditions: inWords(Condition) };
});
const others = roles.filter(({ service }) => service !== 'lambda.amazonaws.com');

describe('a role', () => {
  it.each(Object.entries(EXPECTED))(
    'of %s can be assumed only for resources of this account, which prevents a confused deputy',
    (name, [service, expected]) => {
      expect(others.find((role) => role.name === name)).toEqual({ name, service, conditions: expected });
    },
  );

  it('is one of these, or that of a function, which Lambda assumes', () => {
    expect(others.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
    for (const { name, service } of roles.filter((role) => !others.includes(role))) {
      expect(name).toMatch(/^Role of the relay's function [a-z-]+$/);
      expect(service).toBe('lambda.amazonaws.com');
    }
  });
});
