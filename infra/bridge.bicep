// The bridge: the container that holds calls. `azd deploy bridge` deploys this file with the image it has just
// pushed (azd's revision-based strategy), so the app never runs a placeholder, and image and settings change
// in one revision.

@description('Name of the azd environment.')
param environmentName string
@description('Region.')
param location string
@description('Image, as azd pushed it.')
param image string
@description('Name of the app: with the domain of the environment it makes the host name that the Functions app tells ACS.')
param name string
@description('Container Apps environment.')
param hostingId string
@description('Registry of the image.')
param registryServer string
@description('Identity that the app runs as, pulls with and reads secrets with.')
param identityId string
@description('Its client id.')
param identityClientId string
@description('Key Vault, with a slash at the end.')
param vaultUri string
@description('Table Storage.')
param tablesEndpoint string
@description('Communication Services: address.')
param acsEndpoint string
@description('Communication Services: audience of its tokens.')
param acsResourceId string
@description('Voice Live, in the order in which regions are tried, with commas between them.')
param voiceLiveEndpoints string
@description('Application Insights.')
param insightsConnection string
@description('Another OTLP receiver; empty: none.')
param otlpEndpoint string
@description('Share of the calls that are traced, in percent.')
param tracePercent string
@description('Who hears of alerts.')
param actionGroupId string
@description('Where the bridge is reached: wss:// and its host.')
param mediaBaseUrl string
@description('The moment of this deployment: of two releases, the later one gets the new calls.')
param release string = utcNow()

@minLength(1)
@description('Replicas that always run, as a number. 1 is the least: 0 would let the first caller listen to silence while a container starts.')
param minReplicas string = '1'
@allowed(['false', 'true'])
@description('Replicas in several zones, which takes two of them at least.')
param zoneRedundant string = 'false'
@minLength(1)
@description('Most replicas, as a number.')
param maxReplicas string = '10'
@minLength(1)
@description('Calls a replica holds at once; one more is sent elsewhere.')
param maxCalls string = '50'
@allowed(['false', 'true'])
@description('While the key that callers are named with is being changed: the vault holds the keys before it, with blanks between them, as the secret caller-previous-keys.')
param hasPreviousCallerKeys string = 'false'
@minLength(1)
@description('New Voice Live sessions a minute that the replicas together may ask of each region, as a number: the quota.')
param voiceLiveConnections string = '30'
@minLength(1)
@description('Tokens a minute that the replicas together may use in each region, as a number: the quota.')
param voiceLiveTokens string = '120000'
@allowed(['reject', 'redirect', 'queue', 'answer'])
@description('What becomes of a call that no replica can hold. With queue, what callers in line hear is recorded.')
param whenFull string = 'reject'
@minLength(1)
@description('Callers who may wait in line, as a number.')
param queueLength string = '5'
@allowed(['0.5', '1', '2', '4'])
@description('Cores of a replica. Memory follows: Container Apps demands twice as many gigabytes.')
param cpu string = '1'

var memory = { '0.5': '1Gi', '1': '2Gi', '2': '4Gi', '4': '8Gi' }

// How long a replica told to stop may go on with its calls: the platform allows 600 seconds, the bridge stops
// a little earlier to end or hand over what is left.
var graceSeconds = 600
// To give calls away takes up to 15 s, and so does writing what is left of their records.
var drainSeconds = graceSeconds - 45
var port = 8080
// What the store does not take is kept here meanwhile. The volume goes with the replica; a container that is
// restarted in it finds it as it was. The smallest replica has 2 GB of disk for it and all else.
var spillMount = '/var/tabletalk'

// A bridge more is asked for while the others still have places: it takes a minute to come, and Kubernetes
// tolerates a tenth more than this before it asks.
var callsPerReplica = max(1, int(maxCalls) * 3 / 5)
var scaleUrl = '${replace(mediaBaseUrl, 'wss://', 'https://')}/calls/${release}'

var settings = [
  { name: 'AZURE_CLIENT_ID', value: identityClientId }
  { name: 'TABLES_ENDPOINT', value: tablesEndpoint }
  { name: 'ACS_ENDPOINT', value: acsEndpoint }
  { name: 'ACS_RESOURCE_ID', value: acsResourceId }
  { name: 'VOICE_LIVE_ENDPOINTS', value: voiceLiveEndpoints }
  { name: 'VOICE_LIVE_CONNECTIONS_PER_MINUTE', value: voiceLiveConnections }
  { name: 'VOICE_LIVE_TOKENS_PER_MINUTE', value: voiceLiveTokens }
  { name: 'BRIDGE_PORT', value: string(port) }
  { name: 'BRIDGE_MAX_CALLS', value: maxCalls }
  { name: 'BRIDGE_DRAIN_SECONDS', value: string(drainSeconds) }
  // The ingress; of X-Forwarded-For only the last entry is its own.
  { name: 'BRIDGE_PROXIES', value: '1' }
  { name: 'BRIDGE_SPILL_DIR', value: '${spillMount}/spill' }
  { name: 'BRIDGE_SPILL_MEGABYTES', value: '256' }
  { name: 'BRIDGE_RELEASE', value: release }
  { name: 'BRIDGE_SCALE_URL', value: scaleUrl }
  { name: 'ADMISSION_WHEN_FULL', value: whenFull }
  { name: 'ADMISSION_QUEUE_LENGTH', value: queueLength }
  { name: 'METRICS_TOKEN', secretRef: 'metrics-token' }
  { name: 'CALLER_KEY', secretRef: 'caller-key' }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnection }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: otlpEndpoint }
  { name: 'TRACE_PERCENT', value: tracePercent }
]
var previousKeys = [
  { name: 'CALLER_PREVIOUS_KEYS', secretRef: 'caller-previous-keys' }
]

resource bridge 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  tags: { 'azd-env-name': environmentName, 'azd-service-name': 'bridge', application: 'tabletalk' }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: hostingId
    workloadProfileName: 'Consumption'
    configuration: {
      // An old revision keeps its calls while new ones go to the newest; the postdeploy hook retires those
      // before it.
      activeRevisionsMode: 'Multiple'
      maxInactiveRevisions: 5
      registries: [{ server: registryServer, identity: identityId }]
      secrets: concat(
        [
          { name: 'metrics-token', keyVaultUrl: '${vaultUri}secrets/metrics-token', identity: identityId }
          { name: 'caller-key', keyVaultUrl: '${vaultUri}secrets/caller-key', identity: identityId }
        ],
        hasPreviousCallerKeys == 'true'
          ? [
              {
                name: 'caller-previous-keys'
                keyVaultUrl: '${vaultUri}secrets/caller-previous-keys'
                identity: identityId
              }
            ]
          : []
      )
      ingress: {
        external: true
        targetPort: port
        transport: 'http'
        allowInsecure: false
        // ACS keeps no cookies, so affinity would bind nothing. The proxy closes a socket that is idle for 240
        // seconds: media frames come 50 times a second, and the bridge pings a socket that is silent. It bounds
        // neither how long a socket is open nor how many there are; the bridge does both itself.
        traffic: [{ latestRevision: true, weight: 100 }]
      }
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      volumes: [{ name: 'records', storageType: 'EmptyDir' }]
      containers: [
        {
          name: 'bridge'
          image: image
          resources: { cpu: json(cpu), memory: memory[cpu] }
          env: concat(settings, hasPreviousCallerKeys == 'true' ? previousKeys : [])
          volumeMounts: [{ volumeName: 'records', mountPath: spillMount }]
          probes: [
            {
              type: 'Startup'
              httpGet: { path: '/healthz', port: port }
              periodSeconds: 2
              failureThreshold: 30
            }
            {
              // Not the store: restarting a replica would end its calls and mend no store.
              type: 'Liveness'
              httpGet: { path: '/healthz', port: port }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 6
            }
            {
              type: 'Readiness'
              httpGet: { path: '/readyz', port: port }
              periodSeconds: 5
              timeoutSeconds: 6
              failureThreshold: 3
            }
          ]
        }
      ]
      scale: {
        // Never 0: nothing would tell of the first call, which would find nobody.
        minReplicas: max(zoneRedundant == 'true' ? 2 : 1, int(minReplicas))
        maxReplicas: int(maxReplicas)
        pollingInterval: 15
        // The largest number that a rule asks for counts. After five minutes of smaller ones, which the platform
        // waits by itself, a replica is told to stop, and has graceSeconds for its calls.
        rules: [
          {
            // Active calls of all replicas, and those on their way; see /calls in bridge/pages.py. Without an
            // answer the replicas stay as many as they are. The `http` rule would not do: it counts requests
            // that begin, so a socket that has been open for a minute counts for nothing.
            name: 'calls'
            custom: {
              type: 'metrics-api'
              metadata: {
                url: scaleUrl
                valueLocation: 'calls'
                targetValue: string(callsPerReplica)
                authMode: 'bearer'
              }
              auth: [{ secretRef: 'metrics-token', triggerParameter: 'token' }]
            }
          }
          {
            // For when calls take more than was thought, or nobody says how many there are.
            name: 'processor'
            custom: { type: 'cpu', metadata: { type: 'Utilization', value: '70' } }
          }
        ]
      }
    }
  }
}

resource restarts 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'bridge-restarts-${name}'
  location: 'global'
  tags: { 'azd-env-name': environmentName, application: 'tabletalk' }
  properties: {
    description: 'A replica of the bridge was restarted: its calls had to be taken over. See its system log.'
    severity: 1
    enabled: true
    scopes: [bridge.id]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'restarts'
          metricName: 'RestartCount'
          metricNamespace: 'Microsoft.App/containerApps'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}

@description('Where the bridge is reached.')
output SERVICE_BRIDGE_URI string = 'https://${bridge.properties.configuration.ingress.fqdn}'
