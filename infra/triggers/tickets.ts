import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnApi, CfnApiMapping, CfnDomainName, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { graph } from '#infra/constructs/dashboard.ts';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { accept } from '#infra/nag.ts';
import { SentQueue } from '#infra/triggers/queue-pair.ts';
import { everyMinutes, invocationOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';

/** Batches that are handled concurrently. Minimum of Lambda is 2. */
const CONCURRENCY = 5;

/** The queue of verified states of tickets. Only the webhook function and the looks send to it. */
export const createTicketQueue = (scope: Construct, key: RelayKey): SentQueue =>
  new SentQueue(scope, 'Tickets', {
    name: 'tickets',
    key,
    step: ticketSteps.tickets,
    concurrency: CONCURRENCY,
    holds: 'states of tickets',
  });

type Domain = NonNullable<RelayConfig['webhookDomain']>;

interface FrontDoorProps {
  readonly webhooks: RelayConfig['webhooks'];
  readonly domain: RelayConfig['webhookDomain'];
  readonly webhook: RelayFunction;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/** Seconds for which unused requests add up, for senders that send in bursts. */
const BURST_SECONDS = 5;

/**
 * Fields of the access log: no header and no part of a body. Source: API Gateway developer guide, "Logging variables".
 */
const LOGGED = {
  requestId: '$context.requestId',
  sourceIp: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  ms: '$context.responseLatency',
  error: '$context.error.responseType',
};

/**
 * The HTTP API of the webhooks, with one route for each sender, so that each has a throttle of its own. Any other path
 * is 404. Source: API Gateway developer guide, "Throttle requests to your HTTP APIs".
 */
class FrontDoor extends Construct {
  readonly url: string;
  /** Host to which the DNS record of the domain points; undefined without a domain. */
  readonly dnsTarget: string | undefined;

  constructor(scope: Construct, id: string, { webhooks, domain, webhook, key, logRetentionDays }: FrontDoorProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const name = `${stack.stackName}-webhooks`;
    const api = new CfnApi(this, 'Api', {
      name,
      protocolType: 'HTTP',
      description: 'Webhooks of ticket systems',
      // The default endpoint asks for no client certificate, and would be a way around the domain.
      ...(domain !== undefined && { disableExecuteApiEndpoint: true }),
    });
    const { functionArn } = webhook.lambda;
    const integration = new CfnIntegration(this, 'Integration', {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: functionArn,
      payloadFormatVersion: '2.0',
    });
    new CfnPermission(this, 'Invoke', {
      action: 'lambda:InvokeFunction',
      functionName: functionArn,
      principal: 'apigateway.amazonaws.com',
      sourceArn: stack.formatArn({ service: 'execute-api', resource: api.ref, resourceName: '*/POST/*' }),
    });
    const routes = Object.keys(webhooks).map((route) => {
      const added = new CfnRoute(this, `Route-${route}`, {
        apiId: api.ref,
        routeKey: `POST /${route}`,
        target: `integrations/${integration.ref}`,
      });
      accept(
        added,
        'APIG4',
        'The function verifies the signature of the sender over the body, which no authorizer gets.',
      );
      return added;
    });
    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/apigateway/${name}`,
      retention: logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new CfnStage(this, 'Stage', {
      apiId: api.ref,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: log.logGroupArn, format: JSON.stringify(LOGGED) },
      routeSettings: Object.fromEntries(
        Object.entries(webhooks).map(([route, { perSecond }]) => [
          `POST /${route}`,
          { ThrottlingRateLimit: perSecond, ThrottlingBurstLimit: perSecond * BURST_SECONDS },
        ]),
      ),
    });
    for (const route of routes) stage.addResourceDependency(route);
    this.url = `https://${domain?.name ?? `${api.ref}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`}`;
    this.dnsTarget = domain === undefined ? undefined : this.#addDomain(domain, api, stage);
  }

  /** Serves the API under a domain. Source: API Gateway developer guide, "Mutual TLS authentication for HTTP APIs". */
  #addDomain(
    { name, certificate, ownershipCertificate, clientCertificates }: Domain,
    api: CfnApi,
    stage: CfnStage,
  ): string {
    const domain = new CfnDomainName(this, 'Domain', {
      domainName: name,
      domainNameConfigurations: [
        {
          certificateArn: certificate,
          endpointType: 'REGIONAL',
          securityPolicy: 'TLS_1_2',
          ...(ownershipCertificate !== undefined && { ownershipVerificationCertificateArn: ownershipCertificate }),
        },
      ],
      ...(clientCertificates !== undefined && {
        mutualTlsAuthentication: {
          truststoreUri: `s3://${clientCertificates.bucket}/${clientCertificates.key}`,
          ...(clientCertificates.version !== undefined && { truststoreVersion: clientCertificates.version }),
        },
      }),
    });
    new CfnApiMapping(this, 'Mapping', { apiId: api.ref, domainName: domain.ref, stage: stage.ref });
    return domain.attrRegionalDomainName;
  }
}

/** Rejected requests within five minutes that raise the alarm. A scanner of the internet alone seldom sends as many. */
const MANY_REJECTED = 10;

/** Held tickets may be requested 60 days before their window begins. */
const WAKE_MINUTES = 24 * 60;

/** Adds the front door of the webhooks, and connects their queue to its function, if there are any. */
export const addTickets: AddWorkflow = (stack, { config, functions, metrics, tickets, key, logRetentionDays }) => {
  if (tickets === undefined) return {};
  const { webhooks, webhookDomain: domain } = config;
  const webhook = functions.of(ticketSteps.webhook);
  const { url, dnsTarget } = new FrontDoor(stack, 'Webhooks', { webhooks, domain, webhook, key, logRetentionDays });
  tickets.call(functions.of(ticketSteps.tickets));
  const age = tickets.queue.metricApproximateAgeOfOldestMessage({ statistic: 'max' });
  const routes = Object.keys(webhooks);
  return {
    alarms: [
      ...tickets.alarms(
        { kind: 'ticket-refused', says: 'A state of a ticket was refused or could not be processed.' },
        { kind: 'ticket-late', says: 'States of tickets are not being processed.' },
      ),
      ...routes.map((route) => ({
        kind: 'webhooks-rejected',
        says: 'Requests to a webhook were not verified.',
        about: route,
        metric: metrics.ofWebhook(route, 'WebhooksRejected', Duration.minutes(5)),
        threshold: MANY_REJECTED,
      })),
      ...routes.map((route) => ({
        kind: 'webhook-lost',
        says: 'A request of a sender was not queued.',
        about: route,
        metric: metrics.ofWebhook(route, 'WebhooksLost', Duration.minutes(5)),
      })),
    ],
    graphs: [
      graph(
        'Webhooks and states of tickets, and the age of the oldest in seconds',
        [
          ...routes.flatMap((route) =>
            (['WebhooksAccepted', 'WebhooksRejected', 'WebhooksLost'] as const).map((name) =>
              metrics.ofWebhook(route, name).with({ label: `${route}: ${name}` }),
            ),
          ),
          metrics.ofMessages('MessagesHandled', 'tickets'),
          metrics.ofMessages('MessagesRefused', 'tickets'),
        ],
        [age.with({ label: 'Oldest, seconds' })],
      ),
    ],
    schedules: [
      {
        id: 'Wake',
        name: 'wake',
        timing: everyMinutes(WAKE_MINUTES),
        description: 'Requests the checkouts of tickets that were planned long ahead',
        target: invocationOf(functions.of(ticketSteps.wake)),
      },
    ],
    outputs: [
      { name: 'WebhookUrl', value: url, description: 'Address of the webhooks, without the name of the route' },
      ...(dnsTarget === undefined
        ? []
        : [{ name: 'WebhookDnsTarget', value: dnsTarget, description: 'Host for the DNS record of the domain' }]),
    ],
  };
};
