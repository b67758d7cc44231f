# The four triggers as a Terraform module. Run `npm run build` first. A pool that Terraform manages takes its triggers from
# Terraform, and only from there:
#
#   module "email_code" {
#     source        = "./email-code"
#     user_pool_arn = aws_cognito_user_pool.people.arn
#     from_address  = "no-reply@example.com"
#   }
#
#   resource "aws_cognito_user_pool" "people" {
#     lambda_config {
#       define_auth_challenge          = module.email_code.arns["define-auth-challenge"]
#       create_auth_challenge          = module.email_code.arns["create-auth-challenge"]
#       verify_auth_challenge_response = module.email_code.arns["verify-auth-challenge-response"]
#       pre_token_generation           = module.email_code.arns["pre-token-generation"]
#     }
#   }
#
# and the pool's clients: explicit_auth_flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

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
  description = "The bare address that codes are sent from; it or its domain is verified in SES"
  type        = string
  validation {
    condition     = can(regex("^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$", var.from_address))
    error_message = "Give a bare address such as no-reply@example.com."
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

# 32 bytes. It is in the Terraform state: keep that as safe as the secret.
resource "random_id" "code_secret" {
  byte_length = 32
}

locals {
  code_secret = { CODE_SECRET = random_id.code_secret.hex }
  email_code = {
    "define-auth-challenge"          = { memory = 128, environment = { MAX_ATTEMPTS = "3" } }
    "create-auth-challenge"          = { memory = 512, environment = merge(local.code_secret, { FROM_ADDRESS = var.from_address, MAX_ATTEMPTS = "3" }) }
    "verify-auth-challenge-response" = { memory = 128, environment = merge(local.code_secret, { MAX_ATTEMPTS = "3" }) }
    "pre-token-generation"           = { memory = 128, environment = { HOSTED_UI = "deny" } }
  }
  ses = "arn:${data.aws_partition.current.partition}:ses:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

resource "aws_lambda_function" "email_code" {
  for_each         = local.email_code
  function_name    = each.key
  description      = "cognito-email-code: ${each.key}"
  filename         = "${var.directory}/${each.key}.zip"
  source_code_hash = filebase64sha256("${var.directory}/${each.key}.zip")
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  memory_size      = each.value.memory
  timeout          = 5
  role             = aws_iam_role.email_code[each.key].arn

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.email_code[each.key].name
  }

  environment {
    variables = each.value.environment
  }
}

resource "aws_cloudwatch_log_group" "email_code" {
  for_each          = local.email_code
  name              = "/aws/lambda/${each.key}"
  retention_in_days = 30
}

resource "aws_iam_role" "email_code" {
  for_each = local.email_code
  name     = "email-code-${each.key}"
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
  for_each = local.email_code
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
      Effect    = "Allow"
      Action    = "ses:SendEmail"
      Resource  = ["${local.ses}:identity/${var.from_address}", "${local.ses}:identity/${split("@", var.from_address)[1]}"]
      Condition = { StringEquals = { "ses:FromAddress" = var.from_address } }
    }]
  })
}

resource "aws_lambda_permission" "user_pool" {
  for_each       = local.email_code
  function_name  = aws_lambda_function.email_code[each.key].function_name
  action         = "lambda:InvokeFunction"
  principal      = "cognito-idp.amazonaws.com"
  source_arn     = var.user_pool_arn
  source_account = data.aws_caller_identity.current.account_id
}

output "arns" {
  description = "The functions by their names"
  value       = { for name, function in aws_lambda_function.email_code : name => function.arn }
}
