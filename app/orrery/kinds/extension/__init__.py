"""What extends the API and guards it: aggregated APIs, custom resources, webhooks, admission policies, flow control."""
