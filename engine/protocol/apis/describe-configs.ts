import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, string, struct } from '../schema.ts'

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: struct({
    resources: array(
      struct({
        /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
        resourceType: int8(),
        resourceName: string(),
        /** Null asks for all. */
        configurationKeys: array(string(), { nullableSince: 0 }),
      }),
    ),
    includeSynonyms: boolean({ default: false }),
    includeDocumentation: boolean({ since: 3, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullableSince: 0 }),
        resourceType: int8(),
        resourceName: string(),
        configs: array(
          struct({
            name: string(),
            value: string({ nullableSince: 0 }),
            readOnly: boolean(),
            /** 1 topic, 2 dynamic broker, 3 dynamic default broker, 4 static broker, 5 default. */
            configSource: int8({ default: -1, ignorable: true }),
            isSensitive: boolean(),
            synonyms: array(struct({ name: string(), value: string({ nullableSince: 0 }), source: int8() }), {
              default: [],
              ignorable: true,
            }),
            /** 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password. */
            configType: int8({ since: 3, default: 0, ignorable: true }),
            documentation: string({ since: 3, nullableSince: 0, ignorable: true }),
          }),
        ),
      }),
    ),
  }),
})
