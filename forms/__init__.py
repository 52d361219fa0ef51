"""Forms: a form-js file becomes a schema and a view model. Knows neither database nor Flask."""
