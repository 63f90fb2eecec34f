import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Service } from '../server.ts';
import type { Template } from '../template/template.ts';

/** The one action of the CloudFormation API that local mode supports, in its query protocol. */
const requestSchema = z.strictObject({
  Action: z.literal('DescribeStacks'),
  Version: z.literal('2010-05-15'),
  StackName: z.string(),
});

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/** CloudFormation with the one stack of the template. */
export const createCloudFormationApi =
  ({ stackName, stackId, outputs }: Pick<Template, 'stackName' | 'stackId' | 'outputs'>): Service =>
  async (_request, response, { body }) => {
    const request = requestSchema.safeParse(Object.fromEntries(new URLSearchParams(await body())));
    if (!request.success) {
      fail(response, 'InvalidAction', 'Local mode supports only DescribeStacks of one stack.');
      return;
    }
    const { StackName: wanted } = request.data;
    if (wanted !== stackName && wanted !== stackId) {
      // The error and the text of AWS, which has no error of its own for a missing stack.
      fail(response, 'ValidationError', `Stack with id ${wanted} does not exist`);
      return;
    }
    const members = Object.entries(outputs).map(
      ([name, value]) =>
        `<member><OutputKey>${escaped(name)}</OutputKey><OutputValue>${escaped(value)}</OutputValue></member>`,
    );
    const stack = [
      `<StackName>${escaped(stackName)}</StackName><StackId>${escaped(stackId)}</StackId>`,
      '<CreationTime>2026-01-01T00:00:00.000Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>',
      `<Outputs>${members.join('')}</Outputs>`,
    ].join('');
    send(
      response,
      200,
      `<DescribeStacksResponse xmlns="${NAMESPACE}"><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
  };

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const send = (response: ServerResponse, status: number, xml: string): void => {
  response.writeHead(status, { 'content-type': 'text/xml' });
  response.end(xml);
};

const fail = (response: ServerResponse, code: string, message: string): void =>
  send(
    response,
    400,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error></ErrorResponse>`,
  );
