import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Service } from '../server.ts';
import { ServiceError } from '../service-error.ts';
import { type Elements, toXml } from '../xml.ts';
import { type Fleet, type Instance, STATE_CODES } from './fleet.ts';

/** EC2, in its query protocol, with the one call and the one filter that the relay uses. */
export const createEc2 =
  (fleet: Pick<Fleet, 'all'>): Service =>
  async (_request, response, call) => {
    try {
      const ids = wantedIds(new URLSearchParams(await call.body()));
      const found = fleet.all().filter(({ id }) => ids.includes(id));
      send(response, 200, {
        DescribeInstancesResponse: { requestId: randomUUID(), reservationSet: { item: found.map(reservation) } },
      });
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      refuseEc2(response, thrown);
    }
  };

const FORM_FIELD = /^(?:Action|Version|Filter\.1\.Name|Filter\.1\.Value\.\d+)$/;
/** Source: EC2 API reference, DescribeInstances. */
const MAX_VALUES = 200;

/** @throws for any other call, parameter or filter, because a guess could make a local run pass that fails on AWS. */
const wantedIds = (form: URLSearchParams): string[] => {
  const action = form.get('Action');
  if (action !== 'DescribeInstances') {
    throw new ServiceError('InvalidAction', `The local EC2 does not support ${action}.`);
  }
  const unknown = [...form.keys()].find((key) => !FORM_FIELD.test(key));
  if (unknown !== undefined) {
    throw new ServiceError('UnknownParameter', `The local EC2 does not support the parameter ${unknown}.`);
  }
  const values = [...form].filter(([key]) => key.startsWith('Filter.1.Value.')).map(([, value]) => value);
  if (form.get('Filter.1.Name') !== 'instance-id' || values.length === 0) {
    throw new ServiceError('InvalidParameterValue', 'The local EC2 supports only the filter instance-id.');
  }
  if (values.length > MAX_VALUES) {
    throw new ServiceError('FilterLimitExceeded', `The maximum number of filter values is ${MAX_VALUES}.`);
  }
  return values;
};

const reservation = ({ id, state, ...instance }: Instance): Elements => ({
  reservationId: id.replace('i-', 'r-'),
  instancesSet: {
    item: {
      instanceId: id,
      instanceState: { code: String(STATE_CODES[state]), name: state },
      // EC2 writes an empty element for an instance without a name.
      privateDnsName: instance.privateDns ?? '',
      ...(instance.privateIp !== undefined && { privateIpAddress: instance.privateIp }),
      ...(instance.publicIp !== undefined && { ipAddress: instance.publicIp }),
      ...(instance.vpc !== undefined && { vpcId: instance.vpc }),
      tagSet: { item: Object.entries(instance.tags ?? {}).map(([key, value]) => ({ key, value })) },
    },
  },
});

/** Refuses a call in the protocol of EC2. */
export const refuseEc2 = (
  response: ServerResponse,
  { code, message, status }: Pick<ServiceError, 'code' | 'message' | 'status'>,
): void =>
  send(response, status, {
    Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: randomUUID() },
  });

const send = (response: ServerResponse, status: number, body: Elements): void => {
  response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' });
  response.end(toXml(body, ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'));
};
