// One identity a plane, so that each has only the roles its own code needs (access.bicep).

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string

resource control 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-control-${token}'
  location: location
  tags: tags
}

resource bridge 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-bridge-${token}'
  location: location
  tags: tags
}

@description('Identity of the Functions app.')
output controlId string = control.id
@description('Its client id.')
output controlClientId string = control.properties.clientId
@description('Its object id, which roles are assigned to.')
output controlPrincipalId string = control.properties.principalId
@description('Identity of the bridge.')
output bridgeId string = bridge.id
@description('Its client id.')
output bridgeClientId string = bridge.properties.clientId
@description('Its object id, which roles are assigned to.')
output bridgePrincipalId string = bridge.properties.principalId
