/** Code → [HTTP status, message]; statuses and codes as in S3's "Error responses". */
const ERRORS = {
  AccessDenied: [403, "Access Denied"],
  AuthorizationHeaderMalformed: [400, "The authorization header is malformed."],
  AuthorizationQueryParametersError: [400, "The query string authentication parameters are wrong."],
  BadDigest: [400, "The digest you specified did not match what was received."],
  EntityTooLarge: [400, "The proposed upload exceeds the largest allowed size."],
  EntityTooSmall: [400, "A part but the last is smaller than the least allowed size."],
  ExpiredToken: [400, "The provided token has expired."],
  IncompleteBody: [400, "The body is not as long as announced."],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The access key id you provided does not exist in our records."],
  InvalidArgument: [400, "Invalid argument."],
  InvalidChunkSizeError: [403, "Only the last chunk may have fewer than 8192 bytes."],
  InvalidDigest: [400, "The Content-MD5 you specified is not valid."],
  InvalidPart: [400, "A part could not be found, or its entity tag or size is not as expected."],
  InvalidPartOrder: [400, "The list of parts is not in ascending order."],
  InvalidRange: [416, "The requested range cannot be satisfied."],
  InvalidRequest: [400, "The request is not valid."],
  InvalidToken: [400, "The provided token is malformed or otherwise not valid."],
  InvalidURI: [400, "The address could not be parsed."],
  MalformedTrailerError: [400, "The trailer is not well formed or not the one announced."],
  MalformedXML: [400, "The XML you provided is not well formed or not as expected."],
  MissingContentLength: [411, "You must provide the Content-Length header."],
  NoSuchBucket: [404, "The specified bucket does not exist."],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchUpload: [404, "The specified upload does not exist; it may have been aborted or completed."],
  NotImplemented: [501, "A header or parameter you provided implies functionality that is not implemented."],
  PreconditionFailed: [412, "At least one of the preconditions you specified did not hold."],
  RequestTimeTooSkewed: [403, "The difference between the request time and the server's time is too large."],
  ServiceUnavailable: [503, "Please reduce your request rate."],
  SignatureDoesNotMatch: [403, "The request signature we calculated does not match the signature you provided."],
  SlowDown: [503, "Please reduce your request rate."],
  XAmzContentSHA256Mismatch: [400, "The provided x-amz-content-sha256 header does not match what was computed."],
} as const satisfies Record<string, readonly [number, string]>;

export type S3ErrorCode = keyof typeof ERRORS;

/** What the bucket answers as an XML error; caught where a request is answered. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, string>;
  readonly headers: Record<string, string>;

  constructor(
    code: string,
    status: number,
    message: string,
    details: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

/** A known error; `message` replaces the usual one, `details` become elements of the XML. */
export function s3Error(code: S3ErrorCode, message?: string, details?: Record<string, string>): S3Error {
  const [status, usual] = ERRORS[code];
  return new S3Error(code, status, message ?? usual, details);
}

/** The status that goes with a code, where the code is one of S3's. */
export function findStatus(code: string): number | undefined {
  return code in ERRORS ? ERRORS[code as S3ErrorCode][0] : undefined;
}
