import * as z from 'zod';

const clientCertificates = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'use the name of an S3 bucket, such as acme-truststores')
    .meta({ examples: ['acme-truststores'] })
    .describe("Bucket in the stack's region with the truststore."),
  key: z
    .string()
    .regex(/^[\w!.*'()/-]{1,512}$/, 'use the key of an object, such as webhooks/truststore.pem')
    .meta({ examples: ['webhooks/truststore.pem'] })
    .describe('Key of the truststore: a PEM file with the CAs that issue the certificates of the senders.'),
  version: z
    .string()
    .regex(/^[\w.-]{1,1024}$/, 'use the version id of the object, as S3 shows it')
    .optional()
    .meta({ examples: ['3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY'] })
    .describe('Version of the object. Without it, a new truststore needs a change of key to take effect.'),
});

const certificateArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/,
    'use the ARN of a certificate, such as arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d',
  )
  .meta({ examples: ['arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666'] });

/**
 * Domain of the webhooks. Source: API Gateway API reference, `DomainNameConfiguration`; the truststore and the
 * certificate of ownership belong to mutual TLS.
 */
export const webhookDomain = z.strictObject({
  name: z
    .string()
    .max(253)
    .regex(
      /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
      'use a domain name in lower case, such as hooks.example.com',
    )
    .meta({ examples: ['hooks.example.com'] })
    .describe('Name of the domain.'),
  certificate: certificateArn.describe("ARN of the ACM certificate for the domain, in the stack's region."),
  ownershipCertificate: certificateArn
    .optional()
    .describe(
      'ARN of a certificate for the domain that ACM has issued publicly. Needed with clientCertificates if certificate is imported, or from a private CA.',
    ),
  clientCertificates: clientCertificates
    .optional()
    .describe(
      'Truststore for mutual TLS: only senders with a certificate of its CAs connect. Default: TLS without client certificates.',
    ),
});
