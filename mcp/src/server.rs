//! The answers to a client's requests.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResult, Implementation, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, PromptArgument, PromptMessage, ReadResourceRequestParams, ReadResourceResult,
    Resource, ResourceContents, Role, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use crate::prompts::PROMPTS;
use crate::tools::TOOLS;
use crate::{Document, Run};

pub(crate) struct Server {
    pub version: String,
    pub documents: Vec<Document>,
    pub run: Run,
}

const ABOUT: &str = "Conductor is Terraform for concurrency: concurrency.yaml says how plain functions of the code run, and a compiler writes \
    the orchestrator. `draft` writes workflows from words, `check` judges them against the code, `lint` advises, `simulate` shows durations and \
    success before anything runs, `runs` and `show` tell what has run.";

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("conductor", self.version.clone()))
            .with_instructions(ABOUT)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |tool: &crate::tools::Tool| {
            let hints = ToolAnnotations::new().read_only(!tool.writes).destructive(false).open_world(false);
            Tool::new(tool.name, tool.about, tool.schema()).with_title(tool.title).annotate(hints)
        };
        Ok(ListToolsResult::with_all_items(TOOLS.iter().map(tool).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = TOOLS
            .iter()
            .find(|tool| tool.name == request.name)
            .ok_or_else(|| ErrorData::invalid_params(format!("there is no tool `{}`", request.name), None))?;
        let line = match tool.command_line(&request.arguments.unwrap_or_default()) {
            Ok(line) => line,
            Err(wrong) => return Ok(CallToolResult::error(vec![ContentBlock::text(wrong)]).into()),
        };
        let ran = (self.run)(line).await;
        // Findings and questions are answers; a command that could not do its work has said why, as JSON too.
        let result = match (serde_json::from_str::<serde_json::Value>(&ran.stdout), ran.code) {
            (Ok(value), Some(0 | 1 | 4 | 5)) => CallToolResult::structured(value),
            (Ok(value), _) => CallToolResult::structured_error(value),
            (Err(_), _) => {
                CallToolResult::error(vec![ContentBlock::text(format!("{}{}", ran.stdout, ran.stderr))])
            }
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = |document: &Document| {
            Resource::new(document.uri, document.name)
                .with_description(document.about)
                .with_mime_type(document.mime)
        };
        Ok(ListResourcesResult::with_all_items(self.documents.iter().map(resource).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<rmcp::model::ReadResourceResponse, ErrorData> {
        let document =
            self.documents.iter().find(|document| document.uri == request.uri).ok_or_else(|| {
                ErrorData::resource_not_found(format!("there is no `{}`", request.uri), None)
            })?;
        let ran = (self.run)(document.arguments.iter().map(|word| (*word).to_owned()).collect()).await;
        if ran.code != Some(0) {
            return Err(ErrorData::internal_error(format!("{}{}", ran.stdout, ran.stderr), None));
        }
        let contents = ResourceContents::text(ran.stdout, document.uri).with_mime_type(document.mime);
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = |prompt: &crate::prompts::Prompt| {
            let argument =
                |(name, about)| PromptArgument::new(name).with_description(about).with_required(true);
            let arguments = prompt.argument.map(|given: (&str, &str)| vec![argument(given)]);
            rmcp::model::Prompt::new(prompt.name, Some(prompt.about), arguments)
        };
        Ok(ListPromptsResult::with_all_items(PROMPTS.iter().map(prompt).collect()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<rmcp::model::GetPromptResponse, ErrorData> {
        let prompt = PROMPTS.iter().find(|prompt| prompt.name == request.name).ok_or_else(|| {
            ErrorData::invalid_params(format!("there is no prompt `{}`", request.name), None)
        })?;
        let text = prompt
            .filled(request.arguments.as_ref())
            .map_err(|wrong| ErrorData::invalid_params(wrong, None))?;
        let message = PromptMessage::new_text(Role::User, text);
        Ok(GetPromptResult::new(vec![message]).with_description(prompt.about).into())
    }
}
