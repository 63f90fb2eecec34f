import * as z from 'zod';
import { httpsAddress } from '#shared/config/schema/connection.ts';
import { secretName } from '#shared/config/schema/fields.ts';

const common = {
  ca: z
    .string()
    .min(1)
    .meta({ examples: ['ca.pem'] })
    .optional()
    .describe(
      "Path, from relay.yaml, of a PEM file with the CA that signed the server's certificate; or the PEM text.",
    ),
  credentials: secretName
    .meta({ examples: ['tickets/servicenow'] })
    .describe(
      'Name of the Secrets Manager secret that holds {"user": "…", "password": "…"}, or {"token": "…"} for a bearer token.',
    ),
  limits: z
    .strictObject({
      inFlight: z.int().min(1).max(20).default(4).describe('Maximum of concurrent calls of one function.'),
      perSecond: z.int().min(1).max(100).default(10).describe('Maximum of calls of one function in any second.'),
      timeoutSeconds: z.int().min(1).max(60).default(20).describe('Timeout of one call, including its response.'),
    })
    .prefault({})
    .describe('Limits on the load of the ticket system.'),
};

/** A ticket system that the relay reads, and writes comments to. */
export const ticketSystem = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('servicenow').describe('ServiceNow, by its Table API. Comments are work notes.'),
      url: httpsAddress('address of the instance', 'https://example.service-now.com'),
      table: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,79}$/, 'use the name of a table, such as change_request')
        .default('change_request')
        .describe('Table of the tickets.'),
      ...common,
    }),
    z.strictObject({
      type: z
        .literal('jira')
        .describe(
          'Jira Cloud or Data Center. The user of Jira Cloud is an e-mail address, and its password an API token.',
        ),
      url: httpsAddress('address of the site', 'https://example.atlassian.net'),
      serviceProject: z
        .boolean()
        .default(true)
        .describe(
          'True if the tickets are in a service project. Comments are then internal: without this, customers would see them.',
        ),
      ...common,
    }),
  ])
  .meta({
    examples: [{ type: 'servicenow', url: 'https://example.service-now.com', credentials: 'tickets/servicenow' }],
  });
