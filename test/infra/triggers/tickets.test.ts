import { describe, expect, it } from 'vitest';
import { loadExample, synthesise } from '#test/infra/synthesis.ts';

const config = loadExample('full.yaml');
const { template } = synthesise(config);
const only = (type: string) => Object.values(template.findResources(type)).map(({ Properties }) => Properties);

describe('the front door of the webhooks', () => {
  it('has one route for each sender, each with a throttle of its own, and no other', () => {
    const routes = only('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey);
    expect(routes).toEqual(['POST /servicenow', 'POST /jira', 'POST /topdesk']);
    expect(only('AWS::ApiGatewayV2::Stage')).toMatchObject([
      {
        StageName: '$default',
        RouteSettings: {
          'POST /servicenow': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 50 },
          'POST /jira': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 50 },
          'POST /topdesk': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 50 },
        },
      },
    ]);
  });

  it('logs who called, and neither a header nor a part of a body', () => {
    const [stage] = only('AWS::ApiGatewayV2::Stage');
    const format: unknown = JSON.parse(stage?.AccessLogSettings.Format);
    expect(Object.values(Object(format))).toEqual([
      '$context.requestId',
      '$context.identity.sourceIp',
      '$context.routeKey',
      '$context.status',
      '$context.responseLatency',
      '$context.error.responseType',
    ]);
  });

  it('may be called by its own API only', () => {
    const permissions = only('AWS::Lambda::Permission').filter(
      ({ Principal }) => Principal === 'apigateway.amazonaws.com',
    );
    expect(permissions).toHaveLength(1);
    expect(JSON.stringify(permissions[0]?.SourceArn)).toMatch(/"Ref":"WebhooksApi\w*".*\*\/POST\/\*/);
  });

  it('passes the body as it came, in the format that states if it is in base64', () => {
    expect(only('AWS::ApiGatewayV2::Integration')).toMatchObject([
      { IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' },
    ]);
  });

  it('asks for a client certificate at its domain, and has no other address', () => {
    expect(only('AWS::ApiGatewayV2::DomainName')).toEqual([
      {
        DomainName: 'hooks.example.com',
        DomainNameConfigurations: [
          {
            CertificateArn: expect.stringContaining(':certificate/'),
            EndpointType: 'REGIONAL',
            OwnershipVerificationCertificateArn: expect.stringContaining(':certificate/9f8e'),
            SecurityPolicy: 'TLS_1_2',
          },
        ],
        MutualTlsAuthentication: {
          TruststoreUri: 's3://acme-truststores/webhooks/truststore.pem',
          TruststoreVersion: '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY',
        },
      },
    ]);
    expect(only('AWS::ApiGatewayV2::ApiMapping')).toHaveLength(1);
    expect(only('AWS::ApiGatewayV2::Api')).toMatchObject([{ DisableExecuteApiEndpoint: true }]);
    expect(template.findOutputs('WebhookUrl')).toMatchObject({ WebhookUrl: { Value: 'https://hooks.example.com' } });
    expect(Object.keys(template.findOutputs('WebhookDnsTarget'))).toHaveLength(1);
  });

  it('has the address of API Gateway without a domain', () => {
    const { webhookDomain: _, ...more } = config;
    const { topdesk: __, ...webhooks } = config.webhooks;
    const plain = synthesise({ ...more, webhooks }).template;
    expect(plain.findResources('AWS::ApiGatewayV2::DomainName')).toEqual({});
    expect(JSON.stringify(plain.findOutputs('WebhookUrl'))).toContain('.execute-api.');
    const [api] = Object.values(plain.findResources('AWS::ApiGatewayV2::Api'));
    expect(api?.['Properties']).not.toHaveProperty('DisableExecuteApiEndpoint');
  });

  it('does not exist without webhooks', () => {
    const bare = synthesise({ ...config, webhooks: {} }).template;
    expect(bare.findResources('AWS::ApiGatewayV2::Api')).toEqual({});
    expect(Object.keys(bare.findResources('AWS::SQS::Queue')).filter((id) => id.startsWith('Tickets'))).toEqual([]);
  });
});
