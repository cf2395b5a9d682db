/*
 * The consent receipt: the record as linked data after ISO/IEC TS 27560:2023, mapped by the W3C DPV guide, with the
 * ledger's proof. Pure; what an owner keeps and anybody can verify offline.
 */
import type { ConsentRecord } from '@sallyport/protocol/consent-record';

export type ConsentReceipt = Readonly<Record<string, unknown>>;

type ReceiptFrame = {
  /** tlog-proof of the `consent.given` entry; null when the log could not give one. */
  readonly proof: string | null;
  readonly createdAtMs: number;
  readonly publicUrl: string;
};

const isoTime = (ms: number): string =>
  new Intl.DateTimeFormat('sv', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' })
    .format(ms)
    .replace(' ', 'T')
    .concat('Z');

/** Maps a record to its receipt; every mandatory field of TS 27560 that the record can know is there. */
export function buildReceipt(record: ConsentRecord, frame: ReceiptFrame): ConsentReceipt {
  return {
    '@context': {
      dpv: 'https://w3id.org/dpv#',
      dct: 'http://purl.org/dc/terms/',
      pd: 'https://w3id.org/dpv/pd#',
      sallyport: 'urn:sallyport:',
    },
    '@type': 'dpv:ConsentReceipt',
    'dct:conformsTo': 'https://w3id.org/dpv/schema/dpv-27560#receipt',
    'dct:identifier': `urn:sallyport:receipt:${record.id}`,
    'dct:created': isoTime(frame.createdAtMs),
    'dct:publisher': frame.publicUrl,
    'dpv:hasRecordOfActivity': buildRecord(record, frame.publicUrl),
    'sallyport:recordHash': record.hash,
    'sallyport:logProof': frame.proof,
    'sallyport:stopUrl': `${frame.publicUrl}/stop.html`,
  };
}

function buildRecord(record: ConsentRecord, publicUrl: string): ConsentReceipt {
  return {
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': 'https://w3id.org/dpv/schema/dpv-27560#record',
    'dct:identifier': record.id,
    'dpv:hasDataSubject': record.ownerId,
    'dpv:hasNotice': {
      '@type': 'dpv:ConsentNotice',
      'dct:identifier': record.waiver.version,
      'sallyport:sha256': record.waiver.hash,
    },
    'dct:language': record.waiver.language,
    'dpv:hasPurpose': record.purposes,
    'dpv:hasLegalBasis': 'dpv:ExplicitlyExpressedConsent',
    'dpv:hasPersonalData': ['pd:Picture', 'pd:Location', ...(record.audio ? ['pd:Voice'] : [])],
    'dpv:hasDataSource': record.cameraId,
    'dpv:hasProcessing': ['dpv:Observe', 'dpv:Transmit'],
    'dpv:hasStorageCondition': { '@type': 'dpv:StorageDuration', 'sallyport:duration': 'P0D' },
    'dpv:hasRecipient': record.agencies,
    'dpv:hasConsentControl': { '@type': 'dpv:WithdrawConsent', 'dpv:isExercisedAt': `${publicUrl}/stop.html` },
    'dpv:isIndicatedAtTime': isoTime(record.givenAtMs),
    'dpv:isIndicatedBy': 'dpv:DataSubject',
    'dpv:hasDuration': { '@type': 'dpv:UntilTimeDuration', 'sallyport:until': isoTime(record.validUntilMs) },
    'dpv:hasConsentStatus': 'dpv:ConsentGiven',
  };
}
