# The four triggers as a Terraform module, with their roles, secret, limit table, logs, metrics and alarms, as in template.yaml. Run
# `npm ci && npm run build` first. A pool that Terraform manages takes its triggers from Terraform, and only from there:
#
#   module "email_code" {
#     source        = "./email-code"
#     user_pool_arn = aws_cognito_user_pool.users.arn
#     from_address  = "no-reply@example.com"
#     settings      = { CODE_TTL_SECONDS = "240" }
#   }
#
#   resource "aws_cognito_user_pool" "users" {
#     lambda_config {
#       define_auth_challenge          = module.email_code.arns["define-auth-challenge"]
#       create_auth_challenge          = module.email_code.arns["create-auth-challenge"]
#       verify_auth_challenge_response = module.email_code.arns["verify-auth-challenge-response"]
#       pre_token_generation           = module.email_code.arns["pre-token-generation"]
#     }
#   }
#
# and the app clients of the pool: explicit_auth_flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 6.0" }
    random = { source = "hashicorp/random", version = ">= 3.5" }
  }
}

variable "user_pool_arn" {
  description = "The pool that may call the functions: aws_cognito_user_pool.NAME.arn"
  type        = string
}

variable "from_address" {
  description = "The bare address that codes are sent from; the address or its domain is verified in SES"
  type        = string
  validation {
    condition     = can(regex("^[^\\s@<>]+@[^\\s@<>]+\\.[^\\s@<>]+$", var.from_address))
    error_message = "from_address must be a bare address such as no-reply@example.com."
  }
}

variable "from_name" {
  description = "The name shown with the address; empty for none"
  type        = string
  default     = ""
}

variable "ses_identity" {
  description = "A verified SES identity that is neither the address nor its domain, such as a parent domain; empty for none"
  type        = string
  default     = ""
}

variable "settings" {
  description = "Other settings by their names, such as CODE_TTL_SECONDS. Each function gets those that it reads"
  type        = map(string)
  default     = {}
  validation {
    condition = length(setsubtract(keys(var.settings), [
      "APP_NAME", "CODE_LENGTH", "CODE_TTL_SECONDS", "MAX_ATTEMPTS", "MAX_SENDS", "RESEND_AFTER_SECONDS", "MAX_CODES_PER_HOUR",
      "MAX_CODES_PER_DAY", "LIMIT_FAILURE", "NATIVE_MFA",
      "UNVERIFIED_EMAIL", "DEFAULT_LOCALE", "BRAND_COLOR", "MAIL_FOOTER", "REPLY_TO_ADDRESS", "SES_CONFIGURATION_SET", "SES_FALLBACK_REGION", "HOSTED_UI",
      "GUARDED_CLIENT_IDS", "RECORD_EVENTS",
    ])) == 0
    error_message = "settings has a name that no function reads."
  }
}

variable "sign_in_limit" {
  description = "LIMIT_TABLE: limits the mails to one user across sign-ins, with a DynamoDB table that counts them"
  type        = bool
  default     = true
}

variable "code_secret_keys" {
  description = "Names of the secrets, one or two: the first makes codes, both are accepted. Each name has a secret of its own"
  type        = list(string)
  default     = ["1"]
  validation {
    condition     = length(distinct(var.code_secret_keys)) == length(var.code_secret_keys) && contains([1, 2], length(var.code_secret_keys))
    error_message = "code_secret_keys must be one name, or two different ones."
  }
}

variable "log_retention_in_days" {
  description = "Days until log lines are deleted"
  type        = number
  default     = 30
}

variable "wrong_codes_alarm" {
  description = "Wrong codes within five minutes that raise the alarm"
  type        = number
  default     = 50
}

variable "alarm_topic_arn" {
  description = "SNS topic that the alarms go to; empty for none, and then no one is notified"
  type        = string
  default     = ""
}

variable "name" {
  description = "First part of the names of the functions, roles and log groups; a random part keeps them unique"
  type        = string
  default     = "email-code"
  validation {
    condition     = can(regex("^[0-9A-Za-z_-]{1,20}$", var.name))
    error_message = "name must have 1 to 20 letters, digits, - or _."
  }
}

variable "directory" {
  description = "Where npm run build put the zips"
  type        = string
  default     = "../../dist"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "random_id" "name" {
  byte_length = 3
}

# 32 bytes each. They are in the Terraform state: protect it as you would the secret.
resource "random_id" "code_secret" {
  for_each    = toset(var.code_secret_keys)
  byte_length = 32
}

locals {
  name = "${var.name}-${random_id.name.hex}"
  environment = merge(var.settings, {
    CODE_SECRET  = join(",", [for key in var.code_secret_keys : random_id.code_secret[key].hex])
    LIMIT_TABLE  = var.sign_in_limit ? aws_dynamodb_table.limit[0].name : ""
    FROM_ADDRESS = var.from_name == "" ? var.from_address : "${var.from_name} <${var.from_address}>"
  })

  functions = {
    "define-auth-challenge" = {
      settings = ["MAX_ATTEMPTS", "MAX_SENDS", "NATIVE_MFA", "RECORD_EVENTS"]
    }
    "create-auth-challenge" = {
      settings = [
        "CODE_SECRET", "FROM_ADDRESS", "APP_NAME", "CODE_LENGTH", "CODE_TTL_SECONDS", "MAX_ATTEMPTS", "MAX_SENDS",
        "RESEND_AFTER_SECONDS", "LIMIT_TABLE", "MAX_CODES_PER_HOUR", "MAX_CODES_PER_DAY", "LIMIT_FAILURE", "UNVERIFIED_EMAIL", "DEFAULT_LOCALE", "BRAND_COLOR", "MAIL_FOOTER", "REPLY_TO_ADDRESS", "SES_CONFIGURATION_SET",
        "SES_FALLBACK_REGION", "RECORD_EVENTS",
      ]
    }
    "verify-auth-challenge-response" = {
      settings = ["CODE_SECRET", "CODE_LENGTH", "MAX_ATTEMPTS", "RECORD_EVENTS"]
    }
    "pre-token-generation" = {
      settings = ["HOSTED_UI", "GUARDED_CLIENT_IDS", "RECORD_EVENTS"]
    }
  }

  # Metrics of log lines. With Lambda's JSON format the fields of a line are under $.message.
  metrics = {
    CodesSent           = { function = "create-auth-challenge", event = "code-sent", value = "1", unit = "Count", default = 0, dimensions = null }
    MailTime            = { function = "create-auth-challenge", event = "code-sent", value = "$.message.milliseconds", unit = "Milliseconds", default = null, dimensions = null }
    MailFailures        = { function = "create-auth-challenge", event = "code-not-sent", value = "1", unit = "Count", default = 0, dimensions = null }
    MailFailuresByCause = { function = "create-auth-challenge", event = "code-not-sent", value = "1", unit = "Count", default = null, dimensions = { Failure = "$.message.failure" } }
    MailRetries         = { function = "create-auth-challenge", event = "mail-retried", value = "1", unit = "Count", default = 0, dimensions = null }
    CodesLimited        = { function = "create-auth-challenge", event = "limited", value = "1", unit = "Count", default = 0, dimensions = null }
    LimitFailures       = { function = "create-auth-challenge", event = "limit-failed", value = "1", unit = "Count", default = 0, dimensions = null }
    CodesRight          = { function = "verify-auth-challenge-response", event = "code-right", value = "1", unit = "Count", default = 0, dimensions = null }
    CodesWrong          = { function = "verify-auth-challenge-response", event = "code-wrong", value = "1", unit = "Count", default = 0, dimensions = null }
    CodesExpired        = { function = "verify-auth-challenge-response", event = "code-expired", value = "1", unit = "Count", default = 0, dimensions = null }
    SignInsRefused      = { function = "define-auth-challenge", event = "sign-in-refused", value = "1", unit = "Count", default = null, dimensions = { Reason = "$.message.reason" } }
    TokensIssued        = { function = "define-auth-challenge", event = "tokens-issued", value = "1", unit = "Count", default = null, dimensions = { Factor = "$.message.factor" } }
    TokensRefused       = { function = "pre-token-generation", event = "tokens-refused", value = "1", unit = "Count", default = null, dimensions = { Reason = "$.message.reason" } }
  }
  log_alarms = {
    "wrong-codes"    = { metric = "CodesWrong", threshold = var.wrong_codes_alarm, description = "Many wrong codes within five minutes; someone who has passwords may be guessing codes" }
    "mail-failures"  = { metric = "MailFailures", threshold = 1, description = "Codes could not be mailed; the log of create-auth-challenge says why" }
    "codes-limited"  = { metric = "CodesLimited", threshold = 10, description = "Many requests for codes beyond the limit of a user; someone who has a password may be guessing codes" }
    "limit-failures" = { metric = "LimitFailures", threshold = 1, description = "The limit table did not answer; LIMIT_FAILURE says whether those mails were sent" }
  }
  # Pre Token Generation refuses tokens by failing, so its errors raise no alarm; its timeouts do.
  function_alarms = {
    "define-errors"      = { function = "define-auth-challenge", metric = "Errors", statistic = "Sum", threshold = 1 }
    "create-errors"      = { function = "create-auth-challenge", metric = "Errors", statistic = "Sum", threshold = 1 }
    "verify-errors"      = { function = "verify-auth-challenge-response", metric = "Errors", statistic = "Sum", threshold = 1 }
    "pre-token-timeouts" = { function = "pre-token-generation", metric = "Duration", statistic = "Maximum", threshold = 5000 }

    "define-throttles"    = { function = "define-auth-challenge", metric = "Throttles", statistic = "Sum", threshold = 1 }
    "create-throttles"    = { function = "create-auth-challenge", metric = "Throttles", statistic = "Sum", threshold = 1 }
    "verify-throttles"    = { function = "verify-auth-challenge-response", metric = "Throttles", statistic = "Sum", threshold = 1 }
    "pre-token-throttles" = { function = "pre-token-generation", metric = "Throttles", statistic = "Sum", threshold = 1 }
  }
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]

  # SES looks at the identity of the address even where only the domain is verified, and at the configuration set that an
  # identity has by default even where the call names none.
  mail_regions = distinct(compact([data.aws_region.current.region, lookup(var.settings, "SES_FALLBACK_REGION", "")]))
  mail_names = concat(
    [for identity in compact([var.from_address, split("@", var.from_address)[1], var.ses_identity]) : "identity/${identity}"],
    ["configuration-set/*"],
  )
}

resource "aws_lambda_function" "email_code" {
  for_each         = local.functions
  function_name    = "${local.name}-${each.key}"
  description      = "cognito-email-code: ${each.key}"
  filename         = "${var.directory}/${each.key}.zip"
  source_code_hash = filebase64sha256("${var.directory}/${each.key}.zip")
  handler          = "index.handler"
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  memory_size      = 512
  timeout          = 5
  role             = aws_iam_role.email_code[each.key].arn

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.email_code[each.key].name
  }

  environment {
    variables = { for name, value in local.environment : name => value if contains(each.value.settings, name) }
  }
}

resource "aws_cloudwatch_log_group" "email_code" {
  for_each          = local.functions
  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = var.log_retention_in_days
}

resource "aws_iam_role" "email_code" {
  for_each = local.functions
  name     = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "logs" {
  for_each = local.functions
  role     = aws_iam_role.email_code[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.email_code[each.key].arn}:*"
    }]
  })
}

resource "aws_iam_role_policy" "mail" {
  role = aws_iam_role.email_code["create-auth-challenge"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource = [
        for pair in setproduct(local.mail_regions, local.mail_names) :
        "arn:${data.aws_partition.current.partition}:ses:${pair[0]}:${data.aws_caller_identity.current.account_id}:${pair[1]}"
      ]
      Condition = { StringEquals = { "ses:FromAddress" = var.from_address } }
    }]
  })
}

# Counts the mails to each user: keyed hashes and numbers, deleted after their day.
resource "aws_dynamodb_table" "limit" {
  count        = var.sign_in_limit ? 1 : 0
  name         = "${local.name}-limit"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "user"
  range_key    = "day"

  attribute {
    name = "user"
    type = "S"
  }

  attribute {
    name = "day"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  server_side_encryption {
    enabled = true
  }
}

resource "aws_iam_role_policy" "limit" {
  count = var.sign_in_limit ? 1 : 0
  role  = aws_iam_role.email_code["create-auth-challenge"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "dynamodb:UpdateItem"
      Resource = aws_dynamodb_table.limit[0].arn
    }]
  })
}

resource "aws_lambda_permission" "user_pool" {
  for_each       = local.functions
  function_name  = aws_lambda_function.email_code[each.key].function_name
  action         = "lambda:InvokeFunction"
  principal      = "cognito-idp.amazonaws.com"
  source_arn     = var.user_pool_arn
  source_account = data.aws_caller_identity.current.account_id
}

resource "aws_cloudwatch_log_metric_filter" "email_code" {
  for_each       = local.metrics
  name           = each.key
  log_group_name = aws_cloudwatch_log_group.email_code[each.value.function].name
  pattern        = "{ $.message.event = \"${each.value.event}\" }"

  metric_transformation {
    namespace     = "cognito-email-code/${local.name}"
    name          = each.key
    value         = each.value.value
    unit          = each.value.unit
    default_value = each.value.default
    dimensions    = each.value.dimensions
  }
}

resource "aws_cloudwatch_metric_alarm" "logs" {
  for_each            = local.log_alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "cognito-email-code/${local.name}"
  metric_name         = each.value.metric
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "functions" {
  for_each            = local.function_alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.function} fails to start, fails, times out or is throttled; sign-ins end in an error"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = aws_lambda_function.email_code[each.value.function].function_name }
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

output "arns" {
  description = "The functions by their names"
  value       = { for name, function in aws_lambda_function.email_code : name => function.arn }
}

output "metric_namespace" {
  description = "The CloudWatch namespace of the metrics"
  value       = "cognito-email-code/${local.name}"
}
