/** What no call of ours ever needs, and who needs it instead: anything else that goes unused is taken away. */
const USED_BY_LAMBDA_ITSELF: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes what the function prints to its log group, with the role of the function.',
  'logs:PutLogEvents': 'As above.',
  'xray:PutTraceSegments': 'The X-Ray daemon of Lambda sends the segments of a traced function with its role.',
  'xray:PutTelemetryRecords': 'As above.',
};

/** The grants of a function that go unused on one machine. */
export const usedByLambdaItself = (functionName: string): string[] =>
  Object.keys(USED_BY_LAMBDA_ITSELF).map((action) => `${functionName}: ${action}`);
