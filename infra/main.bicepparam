using './main.bicep'

// Each is set with `azd env set NAME VALUE`; what they mean stands in main.bicep.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param voiceLiveRegions = split(readEnvironmentVariable('TABLETALK_VOICE_LIVE_REGIONS', 'swedencentral'), ',')
param communicationDataLocation = readEnvironmentVariable('TABLETALK_DATA_LOCATION', 'Europe')
param answeringInstances = int(readEnvironmentVariable('TABLETALK_ANSWERING_INSTANCES', '1'))
param httpInstances = int(readEnvironmentVariable('TABLETALK_HTTP_INSTANCES', '0'))
param functionsMemory = int(readEnvironmentVariable('TABLETALK_FUNCTIONS_MEMORY', '512'))
param functionsMaximumInstances = int(readEnvironmentVariable('TABLETALK_FUNCTIONS_MAXIMUM_INSTANCES', '40'))
param httpConcurrency = int(readEnvironmentVariable('TABLETALK_HTTP_CONCURRENCY', '32'))
param logRetentionDays = int(readEnvironmentVariable('TABLETALK_LOG_RETENTION_DAYS', '30'))
param dailyLogCap = int(readEnvironmentVariable('TABLETALK_DAILY_LOG_CAP', '2'))
param alertEmail = readEnvironmentVariable('TABLETALK_ALERT_EMAIL', '')
param privateNetworking = bool(readEnvironmentVariable('TABLETALK_PRIVATE_NETWORKING', 'false'))
param zoneRedundant = bool(readEnvironmentVariable('TABLETALK_ZONE_REDUNDANT', 'false'))
param protectVault = bool(readEnvironmentVariable('TABLETALK_PROTECT_VAULT', 'false'))
