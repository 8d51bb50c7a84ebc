// Tables that both planes share, the package of the Functions app, and what Event Grid could not deliver.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Log Analytics workspace.')
param workspaceId string
@description('Copies in three zones instead of one.')
param zoneRedundant bool
@description('Reached over private endpoints only.')
param isPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: 'st${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    // Identities only: there is no key to leak.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: 'app-package'
}

// The code creates its tables itself; the service only has to be there to be watched.
resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-01-01' = {
  parent: account
  name: 'default'
}

// The system topic of ACS lies in the region `global`, where Event Grid gives topics no identity. So it can
// write dead letters only with the key of an account. This one holds nothing else, and that for a week: an
// IncomingCall event carries the caller's number.
resource deadLetters 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: 'stdead${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Event Grid counts as a trusted service only where it shows an identity.
    networkAcls: { defaultAction: 'Allow' }
  }
}

resource deadLetterBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: deadLetters
  name: 'default'
}

resource deadLetterContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: deadLetterBlobs
  name: 'incoming-calls'
}

resource deadLetterExpiry 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: deadLetters
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'forget'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 7 } } }
          }
        }
      ]
    }
  }
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: tables
  properties: {
    workspaceId: workspaceId
    // Not the reads and writes: they are many, and each names the table it went to.
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource deadLetterLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: deadLetterBlobs
  properties: {
    workspaceId: workspaceId
    // Who wrote and who read: this account alone is opened by a key, and holds numbers of callers.
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('The account.')
output id string = account.id
@description('Its name.')
output name string = account.name
@description('Table Storage.')
output tablesEndpoint string = account.properties.primaryEndpoints.table
@description('Container of the Functions package.')
output deploymentContainer string = packages.name
@description('Account of undelivered events.')
output deadLettersId string = deadLetters.id
@description('Container of undelivered events.')
output deadLettersContainer string = deadLetterContainer.name
