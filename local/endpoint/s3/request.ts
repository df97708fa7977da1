import type { ObjectStore } from '../../objects/store.ts';
import type { Bucket } from '../../template/buckets.ts';
import type { Json } from '../../template/json.ts';
import { type Exchange, type Reply, ServiceError } from '../exchange.ts';
import { document, type Xml } from '../xml.ts';

export const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export type Context = Readonly<Record<string, Json | undefined>>;

/** What an operation on a bucket has at hand. */
export interface S3Request {
  readonly exchange: Exchange;
  readonly bucket: Bucket;
  /** Empty for what concerns the bucket. */
  readonly key: string;
  readonly store: ObjectStore;
  readonly now: () => number;
  /** Throws unless the caller may do this to the key, or the bucket where there is none. */
  readonly check: (action: string, context?: Context) => void;
  /** The same of another key, or of the bucket for ''. */
  readonly checkAt: (key: string, action: string, context?: Context) => void;
}

export type S3Operation = (request: S3Request) => Reply | Promise<Reply>;

export const xmlReply = (name: string, content: Xml, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/xml', ...headers },
  body: document(name, NAMESPACE, content),
});

export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers,
  body: '',
});

export const invalid = (message: string, name = 'InvalidArgument'): ServiceError => new ServiceError(name, message);

/** A header that is given once. */
export const headerOf = ({ headers }: Exchange, name: string): string | undefined => {
  const value = headers[name];
  return value === undefined ? undefined : String(value);
};

export const isoOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
